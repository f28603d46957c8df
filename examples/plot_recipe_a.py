"""
Train a network, cut it, join its columns with a table
======================================================

A classic recipe, by hand and then as one pipeline: train a small convolutional network on images,
cut it at its Flatten layer, put the activations beside the columns of a table, and fit a decision
tree. The images are handwritten digits of 28 x 28 pixels; the table is Fisher's iris.
"""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import StratifiedKFold, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from skfusion import CNNEmbedder, EmbedderOptions
from skfusion.datasets import load_digits_iris

data = load_digits_iris(columns="all")
X, y = data.frame, data.target
flowers = [column for column in X if column != "digit"]
print(f"{len(X)} rows; an image of {X['digit'][0].shape} pixels and {len(flowers)} numbers each")

# %%
# By hand
# -------
# Conv2D(32) - MaxPool - Conv2D(64) - MaxPool - Flatten - Dense(256) - softmax, trained with
# Adam for 5 epochs, 20 % of the rows held out for validation. `cut_layer="flatten"` returns the
# 5 * 5 * 64 activations of the Flatten layer.
recipe = {
    "cut_layer": "flatten",
    "epochs": 5,
    "validation_fraction": 0.2,
    "early_stopping": False,
    "random_state": 0,
}
train, test = np.arange(100), np.arange(100, 150)
embedder = CNNEmbedder(cv=None, **recipe).fit(X["digit"][train], y[train])
activations = embedder.transform(X["digit"])
joined = np.hstack([activations, X[flowers]])
print(f"{activations.shape[1]} columns of activations, {joined.shape[1]} with the flowers")
assert activations.shape[1] == 1600
assert joined.shape[1] == 1604

tree = DecisionTreeClassifier(random_state=0).fit(joined[train], y[train])
by_hand = tree.predict(joined[test])
print(f"decision tree on 50 new rows: accuracy {np.mean(by_hand == y[test]):.2f}")

# %%
# As one pipeline
# ---------------
# The same steps as one estimator that can be cross-validated, searched and pickled.


def pipeline(cv, numbers=flowers, **params):
    """Return the recipe as one estimator, with or without cross-fitting."""
    embedder = CNNEmbedder(cv=cv, options=EmbedderOptions(cross_fit=1.0), **{**recipe, **params})
    columns = ColumnTransformer(
        [("digit", embedder, ["digit"]), ("flower", "passthrough", numbers)]
    )
    return Pipeline([("columns", columns), ("tree", DecisionTreeClassifier(random_state=0))])


model = pipeline(cv=None).fit(X.iloc[train], y[train])
same = np.mean(model.predict(X.iloc[test]) == by_hand)
print(f"the pipeline agrees with the steps by hand on {same:.0%} of the new rows")
assert same == 1

# %%
# In-sample and out-of-fold activations
# -------------------------------------
# The tree learns from activations of rows that the network was trained on. These are more accurate
# than activations of new rows, so the tree may rely too much on the image. With `cv=5` and
# `cross_fit=1.0`, `fit_transform` returns for each row the activations of a network that was not
# trained on it, mapped to the axes of the final network. This costs five more trainings. In five
# epochs on clear images, a network memorizes little: consider the spread of the scores.
folds = StratifiedKFold(5, shuffle=True, random_state=0)


def compare(frame, numbers, **params):
    """Print accuracies and the importance of the flowers in the tree."""
    table = cross_val_score(DecisionTreeClassifier(random_state=0), frame[numbers], y, cv=folds)
    print(f"{'flowers alone':<20} accuracy {table.mean():.3f} ± {table.std():.3f}")
    for name, cv in (("in-sample (cv=None)", None), ("out-of-fold (cv=5)", 5)):
        model = pipeline(cv, numbers, **params)
        result = cross_validate(model, frame, y, cv=folds, return_estimator=True)
        scores = result["test_score"]
        used = [m["tree"].feature_importances_[-len(numbers) :].sum() for m in result["estimator"]]
        print(
            f"{name:<20} accuracy {scores.mean():.3f} ± {scores.std():.3f}, "
            f"importance of the flowers {np.mean(used):.2f}"
        )


compare(X, flowers)

# %%
# A network that memorizes
# ------------------------
# Now the images are very noisy, the network is trained for 20 epochs and cut at its dense layer,
# and only the two sepal columns are used. The network is far more accurate on its training rows
# than on others:
rng = np.random.default_rng(0)
noisy = X.drop(columns=flowers[2:])
noisy["digit"] = [
    np.clip(image + rng.normal(scale=300, size=image.shape), 0, 255).astype(np.uint8)
    for image in X["digit"]
]
longer = {"cut_layer": "dense", "epochs": 20}
last = CNNEmbedder(cv=None, **{**recipe, **longer}).fit(noisy["digit"], y).history_.iloc[-1]
print(f"network: training rows {last['accuracy']:.2f}, held-out rows {last['val_accuracy']:.2f}")

# %%
# With in-sample activations the tree hardly uses the flowers; with out-of-fold activations it does.
compare(noisy, flowers[:2], **longer)

# %%
# The training curve
# ------------------
import matplotlib.pyplot as plt

display = embedder.plot_history()
display.ax_.set_title("Five epochs on 80 digits", loc="left")
display.ax_.set_ylim(bottom=0)
plt.show()
