"""
Data leakage from augmented copies
==================================

A common recipe for few images and unbalanced classes writes augmented copies of the rare classes
to disk until all classes have the same size, and then splits the files into a training and a test
set. The scores are excellent and wrong, because copies of one image are in both sets. This example
compares them with correct scores.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score

from skfusion import ImageAugmenter, PixelFlattener

# %%
# The data
# --------
# 81 images of six grades of redness, 30 of the first and 5 of the last. Each image has its own
# lighting, as photographs of people do. The lighting is independent of the grade, but it identifies
# the image.
rng = np.random.default_rng(0)
grades = np.repeat(np.arange(6), [30, 20, 12, 8, 6, 5])
down, right = np.indices((32, 32))[..., np.newaxis] / 31 - 0.5


def photograph(grade):
    """Draw an image with its own lighting, noise, and redness by grade."""
    light, slope = rng.normal(0, 35, size=3), rng.normal(0, 6, size=(2, 3))
    pixels = 110 + light + down * slope[0] + right * slope[1]
    pixels = pixels + rng.normal(0, 5, size=pixels.shape)
    pixels[..., 0] += 30 * grade
    return pixels.clip(0, 255).astype(np.uint8)


X = pd.DataFrame({"eye": pd.Series([photograph(grade) for grade in grades], dtype=object)})
print("images a grade:", np.bincount(grades).tolist())

# %%
# The recipe: copies first, split afterwards
# ------------------------------------------
# By default, `ImageAugmenter` rotates, shifts, shears, zooms and flips, as in the recipe. Here it
# fills up each grade to 100 images.
augmenter = ImageAugmenter(dict.fromkeys(range(6), 100), random_state=0)
model = Pipeline(
    [
        ("pixels", PixelFlattener(image_size=(2, 2))),
        ("forest", RandomForestClassifier(100, random_state=0)),
    ]
)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
scores = {}

X_more, grades_more = augmenter.fit_resample(X, grades)
scores["copies before\nthe split"] = cross_val_score(
    model, X_more, grades_more, cv=folds, scoring="balanced_accuracy"
)

# %%
# The reason: nearly every test image has a copy, or its original, among the training images. The
# model recognizes the image instead of the grade. `sample_indices_` holds the original of each row:
origins = augmenter.sample_indices_
train, test = next(folds.split(X_more, grades_more))
known = np.isin(origins[test], origins[train]).mean()
print(f"test images whose original or copy is in the training set: {known:.0%}")

# %%
# Augmentation inside the pipeline
# --------------------------------
# In a pipeline of imbalanced-learn, the augmenter runs only in `fit`, on the training images of
# each fold. (scikit-learn's own pipeline does not support such steps.)


def to_100(y):
    """Return 100 images for each grade in a fold."""
    return dict.fromkeys(np.unique(y).tolist(), 100)


inside = Pipeline([("augment", ImageAugmenter(to_100, random_state=0)), *model.steps])
scores["copies inside,\nin training only"] = cross_val_score(
    inside, X, grades, cv=folds, scoring="balanced_accuracy"
)

# %%
# If copies are already on disk, as `skfusion augment` writes them, groups keep an image and its
# copies on the same side of each split:
scores["copies before, all of a\nimage on one side"] = cross_val_score(
    model,
    X_more,
    grades_more,
    groups=origins,
    cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
    scoring="balanced_accuracy",
)
scores["no copies"] = cross_val_score(model, X, grades, cv=folds, scoring="balanced_accuracy")

for name, values in scores.items():
    print(f"{' '.join(name.split()):<48}{values.mean():.2f} ±{values.std():.2f}")

# %%
figure, axes = plt.subplots(figsize=(6.8, 3.2), layout="constrained")
for position, values in enumerate(scores.values()):
    color = "#b5482f" if position == 0 else "#2f6fb0"
    axes.barh(position, values.mean(), height=0.6, color=color)
    offsets = np.linspace(-0.15, 0.15, len(values))
    axes.plot(values, position + offsets, "o", color="#222222", markersize=3.5, alpha=0.75)
    axes.text(0.015, position, f"{values.mean():.2f}", color="white", va="center", weight="bold")
axes.axvline(1 / 6, color="#222222", linewidth=0.8, linestyle=":")
axes.set_yticks(range(len(scores)), list(scores))
axes.invert_yaxis()
axes.set_xlim(0, 1.02)
axes.set_xlabel("balanced accuracy (bar: mean; dots: folds; dotted line: chance)")
axes.set_title("Six grades of redness, 81 images", loc="left")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Only the first score is wrong. The others agree within the spread of five folds of so few images.
# Here augmentation does not help, because rotated and shifted images add no information for a
# forest on four pixels. On other data, compare scores of correct folds to find out.
