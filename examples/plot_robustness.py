"""
Rows without an image
=====================

Real tables have rows with missing images or broken files. By default, they raise an error that
names every such row. `missing` and `corrupt` choose another behavior. This example compares the
choices by the score for a growing share of missing images.
"""

import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import ImageDescriptors, ImageReader, ImageReadError, UnreadableImageWarning
from skfusion.datasets import make_image_table

data = make_image_table(240, n_classes=3, image_size=(24, 24), noise=1.5, random_state=0)
X, y = data.frame, data.target
numbers = [column for column in X if column != "image"]

# %%
# A table of paths
# ----------------
# Five rows have no image, one file is truncated, and two files do not exist.
folder = tempfile.TemporaryDirectory()
names = []
for row, image in enumerate(X["image"]):
    names.append(f"{row:03d}.png")
    Image.fromarray(image).save(Path(folder.name, names[-1]))
X["image"] = names
messy = X.copy()
messy.loc[messy.index[10:15], "image"] = None
messy.loc[messy.index[[7, 9]], "image"] = "gone.png"
broken = Path(folder.name, "cut.png")
broken.write_bytes(Path(folder.name, "003.png").read_bytes()[:200])
messy.loc[messy.index[3], "image"] = "cut.png"

# %%
# By default, one error names all rows.
reader = ImageReader(root=folder.name)
strict = ImageDescriptors(("hog", "glcm"), image_size=None, reader=reader)
for table in (messy, messy.dropna()):
    try:
        strict.fit_transform(table[["image"]])
    except ImageReadError as error:
        print(error)

# %%
# With `corrupt="missing"`, one warning names the unreadable files.
lenient = ImageDescriptors(
    ("hog", "glcm"),
    image_size=None,
    reader=reader,
    missing="mean",
    add_indicator=True,
    corrupt="missing",
)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UnreadableImageWarning)
    features = lenient.set_output(transform="pandas").fit_transform(messy[["image"]])
print(caught[0].message)
print(features.iloc[[2, 3, 7, 10], [0, 1, -1]])

# %%
# Which value for which head
# --------------------------
# Forests and gradient boosting accept NaN. Linear models need numbers: the mean is a neutral value,
# while 0 may be far from every image.
cache = Path(folder.name, "features")  # each image is measured only once


def model(missing, head, *steps):
    """Return a head on descriptors and table."""
    images = ImageDescriptors(
        ("hog", "glcm"),
        image_size=None,
        reader=reader,
        missing=missing,
        add_indicator=True,
        drift="ignore",  # more images are missing in the test rows on purpose
        cache=cache,
    )
    columns = [("image", images, ["image"]), ("table", "passthrough", numbers)]
    return make_pipeline(ColumnTransformer(columns), *steps, head)


linear = LogisticRegression(C=0.01, max_iter=1000)
forest = RandomForestClassifier(60, random_state=0)
models = {
    "zero, linear": model("zero", linear, StandardScaler()),
    "mean, linear": model("mean", linear, StandardScaler()),
    "nan, forest": model("nan", forest),
}
table_only = make_pipeline(ColumnTransformer([("table", StandardScaler(), numbers)]), linear)


def without(table, share, rng):
    """Return the table with a share of its images removed."""
    table = table.copy()
    gone = rng.permutation(len(table))[: round(share * len(table))]
    table.loc[table.index[gone], "image"] = None
    return table


# %%
# The robustness curve
# --------------------
# Each model is scored on test rows with a growing share of missing images. It is fitted once on
# rows that all have an image, and once on rows of which 30 % have none.
shares = np.linspace(0, 1, 6)
folds = list(StratifiedKFold(4, shuffle=True, random_state=0).split(X, y))


def curve(estimator, share_in_fit):
    """Return the accuracy for each fold (row) and share of missing images (column)."""
    scores = np.empty((len(folds), len(shares)))
    for fold, (train, test) in enumerate(folds):
        rng = np.random.default_rng(fold)
        estimator.fit(without(X.iloc[train], share_in_fit, rng), y[train])
        for place, share in enumerate(shares):
            scores[fold, place] = estimator.score(without(X.iloc[test], share, rng), y[test])
    return scores


curves = {
    (name, share): curve(estimator, share)
    for name, estimator in models.items()
    for share in (0.0, 0.3)
}
alone = curve(table_only, 0.0).mean()
for (name, share), scores in curves.items():
    line = "  ".join(f"{score:.2f}" for score in scores.mean(axis=0))
    print(f"{name:<14} {share:>4.0%} missing in fit: {line}")
print(f"the table alone: {alone:.2f}")

# %%
figure, panels = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
colors = dict(zip(models, ("#8a9aad", "#2f6fb0", "#c4572e"), strict=True))
for panel, share in zip(panels, (0.0, 0.3), strict=True):
    for name, color in colors.items():
        scores = curves[name, share]
        panel.plot(shares, scores.mean(axis=0), "o-", color=color, markersize=4, label=name)
    panel.axhline(alone, color="#222222", linewidth=0.8, linestyle=":", label="table alone")
    panel.set_title(f"{share:.0%} missing in fit", fontsize=10)
    panel.set_xlabel("share of test rows without an image")
    panel.spines[["top", "right"]].set_visible(False)
panels[0].set_ylabel("accuracy (mean of 4 folds)")
panels[1].legend(frameon=False, fontsize=9)
plt.show()

# %%
# Ideally, the curve ends at the score of the table alone. Models that were fitted without missing
# images fall to chance with 0 or NaN, and below the table with the mean. If images will be missing
# in production, some should be missing in `fit` too.
folder.cleanup()
