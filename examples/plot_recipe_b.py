"""
A few backbones, averaged, under a dropout head
===============================================

Three networks side by side, global average pooling, and a head of dropout and softmax: a second
classic recipe, as one pipeline. Its networks are usually ResNet50, InceptionV3 and Xception with
ImageNet weights. To avoid downloads, this example uses three small networks with random weights on
simple images; ``examples/recipe_b.py`` does the same with photographs and ImageNet weights.
"""

import io
import tempfile

import joblib
import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skfusion import DenseClassifier, PretrainedGAP
from skfusion.datasets import make_image_table

data = make_image_table(200, image_size=(32, 32), noise=0.3, random_state=0)
X, y = data.frame[["image"]], data.target
print(f"{len(X)} images of {X['image'][0].shape}, {y.sum()} of class 1")

# %%
# Columns
# -------
# `PretrainedGAP` accepts several backbones. Lists of options and of weights have one entry per
# backbone, so one architecture can be used in two widths. Each backbone has its own preprocessing.
# With `cache`, each image goes through each network once, for all models that follow.
store = tempfile.TemporaryDirectory()
gap = PretrainedGAP(
    ["MobileNet", "MobileNet", "MobileNetV2"],
    backbone_options=[{"alpha": 0.25}, {"alpha": 0.5}, {"alpha": 0.35}],
    weights=None,  # random; by default "imagenet"
    image_size=(32, 32),
    cache=store.name,
)
names = pd.Series(gap.fit(X).get_feature_names_out())
print(names.str.rsplit("_", n=1).str[0].value_counts(sort=False))

# %%
# The head
# --------
# The head of the recipe: dropout of half of the columns, a softmax layer, Adadelta, batches of 64,
# 100 epochs, and 10 % of the rows held out.
head = DenseClassifier(dropout=0.5, optimizer="adadelta", batch_size=64, epochs=100, random_state=0)

# %%
# In Keras, the default learning rate of Adadelta is 0.001, which is too small for 100 epochs.
# `learning_rate=None` chooses a rate that suits the optimizer, here 1.0. `plot_history` draws the
# learning curve:
import matplotlib.pyplot as plt

model = make_pipeline(gap, head).fit(X, y)
display = model[-1].plot_history()
display.ax_.set_title("The recipe's head on three networks", loc="left")
plt.show()

# %%
# Cross-validation
# ----------------
# The pipeline is one estimator, so all training follows the split.
folds = StratifiedKFold(5, shuffle=True, random_state=0)
scores = cross_val_score(model, X, y, cv=folds, scoring="roc_auc")
print(f"AUC of five folds: {scores.mean():.3f} ± {scores.std():.3f}")

# %%
# A search over heads reuses the cached features.
grid = {
    "denseclassifier__hidden": [(), (32,)],
    "denseclassifier__optimizer": ["adadelta", "adam"],
    "denseclassifier__early_stopping": [True],
}
search = GridSearchCV(model, grid, cv=3, scoring="roc_auc").fit(X, y)
table = pd.DataFrame(search.cv_results_["params"])
table.columns = table.columns.str.removeprefix("denseclassifier__")
print(table.assign(auc=search.cv_results_["mean_test_score"].round(3)).to_string(index=False))

# %%
# One pickle
# ----------
# It contains the weights of all networks. `cache=None` removes the path of the cache, which does
# not exist on a server.
file = io.BytesIO()
joblib.dump(model.set_params(pretrainedgap__cache=None), file)
print(f"{file.tell() / 1e6:.1f} MB")
file.seek(0)
assert (joblib.load(file).predict(X[:5]) == model.predict(X[:5])).all()
store.cleanup()
