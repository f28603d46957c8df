"""
Pixels, descriptors, activations
================================

Three kinds of columns from images, each alone and beside the table. The images are stripes. Their
direction contains one part of the information on the class, and the table another.
"""

import matplotlib.pyplot as plt
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, ImageDescriptors, PixelFlattener
from skfusion.datasets import make_image_table

data = make_image_table(150, n_classes=3, image_size=(24, 24), noise=2.0, random_state=0)
X, y = data.frame, data.target
numbers = [column for column in X if column != "image"]

# %%
# Three images of each class
# --------------------------
figure, grid = plt.subplots(3, 3, figsize=(4, 4), layout="constrained")
for label, row in enumerate(grid):
    for axes, image in zip(row, X["image"][y == label], strict=False):
        axes.imshow(image)
        axes.set_axis_off()
    row[0].set_title(f"class {label}", loc="left", fontsize=9)

# %%
# Alone and beside the table
# --------------------------
# Wide blocks are standardized and reduced to 20 columns, so that they don't outweigh the table.
small = CNNEmbedder(cut_layer="dense", cv=None, epochs=10, early_stopping=False, random_state=0)
ways = {
    "pixels": PixelFlattener(),
    "descriptors": ImageDescriptors(image_size=None),
    "network": small,
}
folds = StratifiedKFold(5, shuffle=True, random_state=0)


def score(columns):
    """Return the accuracies of a linear head on these columns."""
    model = make_pipeline(ColumnTransformer(columns), LogisticRegression(max_iter=1000))
    return cross_val_score(model, X, y, cv=folds)


table = ("table", StandardScaler(), numbers)
scores = {"table": score([table])}
for name, way in ways.items():
    image = ("image", make_pipeline(way, StandardScaler(), PCA(20, random_state=0)), ["image"])
    scores[name] = score([image])
    scores[f"{name} + table"] = score([image, table])
for name, values in scores.items():
    print(f"{name:<22} accuracy {values.mean():.3f} ± {values.std():.3f}")

# %%
figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
colors = ["#8a9aad" if "+" not in name else "#2f6fb0" for name in scores]
axes.barh(list(scores), [v.mean() for v in scores.values()], color=colors, height=0.6)
for position, values in enumerate(scores.values()):
    axes.plot(values, [position] * len(values), "o", color="#222222", markersize=3, alpha=0.7)
axes.axvline(1 / 3, color="#222222", linewidth=0.8, linestyle=":")
axes.invert_yaxis()
axes.set_xlim(0, 1.02)
axes.set_xlabel("accuracy (bar: mean, dots: folds, dotted line: chance)")
axes.spines[["top", "right"]].set_visible(False)
plt.show()
