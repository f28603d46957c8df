"""
Rows without a picture
======================

Real tables have rows whose picture is missing, or whose file is broken. By default that is an
error which names every such row; two parameters say what to do instead.
"""

import tempfile
import warnings
from pathlib import Path

from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import ImageDescriptors, ImageReader, ImageReadError, UnreadableImageWarning
from skfusion.datasets import make_image_table

data = make_image_table(120, n_columns=2, noise=1.5, random_state=0)
X, y = data.frame, data.target
numbers = [column for column in X if column != "image"]

# %%
# A table of paths: five rows have none, one file is cut off, one is not there
folder = tempfile.TemporaryDirectory()
names = []
for row, picture in enumerate(X["image"]):
    names.append(f"{row:03d}.png")
    Image.fromarray(picture).save(Path(folder.name, names[-1]))
X["image"] = names
X.loc[X.index[10:15], "image"] = None
broken = Path(folder.name, "003.png")
broken.write_bytes(broken.read_bytes()[:200])
Path(folder.name, "007.png").unlink()

# %%
# The default: one error that names all rows
# ------------------------------------------
reader = ImageReader(root=folder.name)
strict = ImageDescriptors(("hog", "glcm"), reader=reader)
try:
    strict.fit_transform(X[["image"]])
except ImageReadError as error:
    print(error)
try:
    strict.fit_transform(X[["image"]].dropna())
except ImageReadError as error:
    print(error)

# %%
# Missing as NaN
# --------------
# `missing="nan"` gives such rows NaN, `corrupt="missing"` counts broken files as missing and
# warns once. Gradient boosting takes NaN as it is; other heads take a `SimpleImputer` before
# them.
lenient = ImageDescriptors(("hog", "glcm"), reader=reader, missing="nan", corrupt="missing")
columns = ColumnTransformer([("image", lenient, ["image"]), ("table", "passthrough", numbers)])
boosting = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=50, random_state=0))
linear = make_pipeline(
    columns, SimpleImputer(), StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)
)
models = {"boosting": boosting, "imputer and linear": linear}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UnreadableImageWarning)  # we know of the two files
    for name, model in models.items():
        model.fit(X[:90], y[:90])
        print(f"{name:<20} accuracy on 30 new rows: {model.score(X[90:], y[90:]):.2f}")

# %%
# They still answer when a whole batch comes without pictures; the table is all there is then.
bare = X[90:].assign(image=None)
for name, model in models.items():
    print(f"{name:<20} the same rows without any picture: {model.score(bare, y[90:]):.2f}")
folder.cleanup()
