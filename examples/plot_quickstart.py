"""
Quickstart: an image and a table in one pipeline
=================================================

Each row of this table has an image of a handwritten digit and two measurements of a flower. Both
depend on the class. This example compares models of the table, of the image and of both, and ends
with a model that predicts new rows.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, PixelFlattener
from skfusion.datasets import load_digits_iris

# %%
# The data
# --------
# Real digits and real irises, paired by class. The column "digit" holds arrays; it could also hold
# paths, encoded bytes or PIL images.
data = load_digits_iris()
X, y = data.frame, data.target
lengths = ["sepal length (cm)", "sepal width (cm)"]
print(f"{len(X)} rows of {len(data.target_names)} classes: {', '.join(data.target_names)}")
print(f"an image is an array of shape {X['digit'][0].shape}, {X['digit'][0].dtype}")
print(X[lengths].describe().loc[["min", "mean", "max"]].round(1))

# %%
# From images to columns
# ------------------------
# A `ColumnTransformer` sends each column to its own transformer. `PixelFlattener` returns the
# pixels. `CNNEmbedder` trains a small network on the training rows and returns the activations of
# one of its layers. Hundreds of columns would outweigh two measurements, so a PCA reduces them to
# ten columns of variance 1, on the scale of the standardized measurements.


def ten_columns(transformer):
    """Reduce the columns of the images to ten."""
    return make_pipeline(transformer, PCA(10, whiten=True, random_state=0))


pixels = ("image", ten_columns(PixelFlattener()), ["digit"])
network = CNNEmbedder(cut_layer="dense", epochs=5, random_state=0)
activations = ("image", ten_columns(network), ["digit"])
table = ("table", StandardScaler(), lengths)

models = {
    "table": [table],
    "pixels": [pixels],
    "pixels + table": [pixels, table],
    "network": [activations],
    "network + table": [activations, table],
}


def fusion(parts):
    """Return a linear classifier on these columns, side by side."""
    return Pipeline([("columns", ColumnTransformer(parts)), ("head", LogisticRegression())])


# %%
# Table, image, both
# ------------------
# All models are compared on the same five folds. The network is part of the pipeline, so each fold
# trains it again, on the training rows only.
folds = StratifiedKFold(5, shuffle=True, random_state=0)
scores = {}
print(f"{'accuracy, 5 folds':<20}{'mean':>7}{'spread':>9}")
for name, parts in models.items():
    scores[name] = cross_val_score(fusion(parts), X, y, cv=folds)
    spread = f"±{scores[name].std():.3f}"
    print(f"{name:<20}{scores[name].mean():>7.3f}{spread:>9}")

# %%
# Each fold tests only 30 rows, and the scores of the folds differ. The differences within each fold
# show more clearly what the table adds to the image:
for way in ("pixels", "network"):
    gains = scores[f"{way} + table"] - scores[way]
    shown = ", ".join(f"{gain:+.3f}" for gain in gains)
    print(f"{way + ' + table':<16} over {way:<8} {shown}; mean {gains.mean():+.3f}")

# %%
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for position, (name, values) in enumerate(scores.items()):
    color = "#2f6fb0" if "+" in name else "#8a9aad"
    axes.barh(position, values.mean(), height=0.6, color=color)
    offsets = np.linspace(-0.15, 0.15, len(values))
    axes.plot(values, position + offsets, "o", color="#222222", markersize=3.5, alpha=0.75)
    axes.text(0.015, position, f"{values.mean():.3f}", color="white", va="center", weight="bold")
axes.axvline(1 / 3, color="#222222", linewidth=0.8, linestyle=":")
axes.set_yticks(range(len(scores)), list(scores))
axes.invert_yaxis()
axes.set_xlim(0, 1.02)
axes.set_xlabel("accuracy (bar: mean, dots: the five folds, dotted line: chance)")
axes.set_title("A digit beside two lengths of an iris", loc="left")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The final model
# ---------------
# The pipeline is fitted and pickled like any other. It predicts from a data frame with the columns
# of `fit`.
model = fusion(models["network + table"]).fit(X[:-5], y[:-5])
for label, probabilities in zip(y[-5:], model.predict_proba(X[-5:]), strict=True):
    shown = ", ".join(
        f"{name} {p:.2f}" for name, p in zip(data.target_names, probabilities, strict=True)
    )
    print(f"is {data.target_names[label]:<20} predicted: {shown}")
