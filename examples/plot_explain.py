"""
What a prediction rests on
==========================

`explain` divides a prediction among the table and the images, and finds the regions of an image
that raised or lowered it. The head of the model may be any estimator; here it is a forest.

"""

# %%
# Images with a mark, and a table
# -------------------------------
#
# Gray noise with a bright square at a random place, or without one, beside two numbers. A row is
# positive if it has the square or a high value; the second number means nothing.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from skfusion import (
    ExplanationDisplay,
    ImageDescriptors,
    RegionDisplay,
    RowsDisplay,
    SourceImportanceDisplay,
    explain,
)

random = np.random.default_rng(0)
n_rows, size, side = 240, 64, 16
scans = random.normal(110, 12, (n_rows, size, size)).clip(0, 255)
has_mark = random.random(n_rows) < 0.4
for i in np.flatnonzero(has_mark):
    top, left = random.integers(0, size - side, 2)
    scans[i, top : top + side, left : left + side] += 90
frame = pd.DataFrame(
    {
        "scan": list(scans.clip(0, 255).astype("uint8")),
        "level": random.normal(size=n_rows),
        "noise": random.normal(size=n_rows),
    }
)
y = np.where(has_mark | (frame["level"] > 1.2), "sick", "healthy")
train, test = frame[:160], frame[160:]

# %%
# A forest on descriptors of the scans and on the numbers.

columns = ColumnTransformer(
    [
        ("scan", ImageDescriptors(("intensity", "glcm"), image_size=None), ["scan"]),
        ("numbers", "passthrough", ["level", "noise"]),
    ]
)
model = make_pipeline(columns, RandomForestClassifier(200, random_state=0))
model.fit(train, y[:160])
print(f"accuracy: {model.score(test, y[160:]):.2f}")

# %%
# One row
# -------
#
# The shares of the sources sum to the difference between the prediction and the average of the
# training data. The lines at the ends of the bars are standard errors.

marked = int(np.flatnonzero(has_mark[160:])[0])
explanation = explain(model, test, rows=[marked], background=train, random_state=0)
print(explanation.describe())
ExplanationDisplay.from_explanation(explanation)
plt.show()

# %%
# The regions alone. They were found by hiding random blocks of the scan under parts of other scans.
# The amount of a place is by how much the probability falls if a block of such places is hidden.

RegionDisplay.from_explanation(explanation)
plt.show()

# %%
# All rows
# --------
#
# How much worse the model predicts rows that it has not seen, when a column is shuffled.

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
SourceImportanceDisplay.from_estimator(model, test, y[160:], random_state=0, ax=ax)
plt.show()

# %%
# Rows that are worth a look, with their scans. Titles are the index of the row and the predicted
# probability.

RowsDisplay.from_estimator(
    model, test, y[160:], background=train, target="sick", n_rows=4, random_state=0
)
plt.show()
