"""
Choosing how to combine table and images
========================================

Side by side, many image columns can outweigh a few table columns, and the joint model then scores
worse than the better source alone. `FusionClassifier` compares the combinations by cross-validation
and chooses the best.

"""

# %%
# Three tables with images
# ------------------------
#
# Noisy images of handwritten digits, and five numbers. The task is to separate even from odd
# digits. The numbers are informative in the first table, less so in the second, and not in the
# third.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import FusionClassifier, PixelFlattener, SourceImportanceDisplay, TableEncoder

random = np.random.default_rng(0)
digits = load_digits()
rows = random.permutation(len(digits.images))[:240]
y = digits.target[rows] % 2
images = (16 * digits.images[rows] + 60 * random.normal(size=(240, 8, 8))).clip(0, 255)


def make_frame(strength):
    """Return five columns whose sum differs by `strength` between even and odd digits."""
    numbers = random.normal(size=(240, 5)) + strength * y[:, None] / np.sqrt(5)
    frame = pd.DataFrame(numbers, columns=[f"number_{i}" for i in range(5)])
    return frame.assign(digit=list(images.astype("uint8")))


frames = {"much": make_frame(2.5), "little": make_frame(1.0), "nothing": make_frame(0.0)}

# %%
# Compare
# -------
#
# "Side by side" is the obvious pipeline: all columns standardized, in one model. With a data frame
# that has only numbers, or only images, `FusionClassifier` is a model of one source.

folds = StratifiedKFold(3, shuffle=True, random_state=0)


def auc(model, frame):
    return cross_val_score(model, frame, y, cv=folds, scoring="roc_auc").mean()


def side_by_side():
    from sklearn.compose import make_column_transformer

    numbers = [f"number_{i}" for i in range(5)]
    columns = make_column_transformer((TableEncoder(), numbers), (PixelFlattener(), ["digit"]))
    return make_pipeline(columns, StandardScaler(), LogisticRegression(max_iter=2000))


def fusion(**options):
    return FusionClassifier(PixelFlattener(), cv=3, random_state=0, **options)


scores = pd.DataFrame(
    {
        name: {
            "table": auc(fusion(image_columns=[]), frame.drop(columns="digit")),
            "images": auc(fusion(), frame[["digit"]]),
            "side by side": auc(side_by_side(), frame),
            "FusionClassifier": auc(fusion(), frame),
        }
        for name, frame in frames.items()
    }
)
print(scores.round(3))

# %%

figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
colors = ["#b9c3cf", "#8a9aad", "#d9a05b", "#2f6fb0"]
scores.T.plot.bar(ax=axes, color=colors, width=0.8, rot=0)
axes.set_ylim(0.4, 1)
axes.set_ylabel("AUC (mean of 3 folds)")
axes.set_xlabel("information in the table")
axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.15))
axes.spines[["top", "right"]].set_visible(False)

# %%
# The choice
# ----------
#
# The log losses of the strategies on inner folds. Where both sources hold information, a fusion is
# chosen, unless it is worse than the better source.

model = fusion().fit(frames["little"], y)
print(model.strategy_scores_.round(3))

# %%
# Importance of the sources
# -------------------------
#
# The increase of the loss if a source is left out, and if its rows are shuffled.

SourceImportanceDisplay.from_estimator(model, ax=plt.subplots(figsize=(6, 2.6))[1])
plt.tight_layout()
