"""
Comparing table, images and fusions
===================================

Does the image add anything to the table? :func:`~skfusion.compare` fits models of the table, of the
images and of both on the same splits, and says what the differences show.

"""

# %%
# The data of the demo
# --------------------
#
# 150 rows of an image of a handwritten digit and two lengths of an iris flower. Both depend on the
# class. `PixelFlattener` needs no network, and linear models of 64 pixels are fitted fast.

from sklearn.linear_model import LogisticRegression

from skfusion import ComparisonDisplay, FusionClassifier, PixelFlattener, compare
from skfusion.datasets import load_digits_iris

data = load_digits_iris()
models = {name: LogisticRegression(max_iter=1000) for name in ("table", "image", "joint")}
fusion = FusionClassifier(PixelFlattener((8, 8)), estimators=models, cv=3, random_state=0)

# %%
# Compare
# -------
#
# A fusion means its sources and strategies. The folds are drawn twice.

found = compare(fusion, data.frame, data.target, cv=3, n_repeats=2, random_state=0)
print(found.verdict)

# %%
# The scores of all splits, with the interval of each mean.

ComparisonDisplay.from_comparison(found)

# %%
# Paired differences
# ------------------
#
# All estimators are scored on the same splits, so that differences vary less than scores.

ComparisonDisplay.from_comparison(found, kind="differences")

# %%
# The costs are part of the scores: seconds for a fit, milliseconds for the prediction of a row.

print(found.scores.round(3).to_string())

# %%
# A column of noise
# -----------------
#
# If the images were shuffled, they could add nothing.

shuffled = data.frame.copy()
shuffled["digit"] = data.frame["digit"].sample(frac=1, random_state=0).to_numpy()
names = ["table", "image", "stacked"]
found = compare(names, shuffled, data.target, fusion=fusion, cv=3, n_repeats=2, random_state=0)
print(found.verdict.splitlines()[0])
