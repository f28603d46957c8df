"""
Inspecting what a PCA has learned
=================================

A PCA of faces finds "eigenfaces" [1]_; a PCA of digits finds strokes. `PixelFlattener` turns
images into rows for the PCA, and rows back into images. Components, means and reconstructions can
be plotted.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skfusion import PixelFlattener

data = load_digits()
digits = data.images / 16  # 1797 images of 8 x 8 pixels; paths in a data frame would do as well
flattener, pca = PixelFlattener(scaling="unit"), PCA(17, random_state=0)
codes = make_pipeline(flattener, pca).fit_transform(digits)
print(f"{flattener.n_features_out_} pixels become {codes.shape[1]} numbers, which explain")
print(f"{pca.explained_variance_ratio_.sum():.0%} of the variance of {len(digits)} images")

# %%
# Components
# ----------
# Components have both signs; `dtype="float32"` keeps them. An image with a large positive score on
# a component is brighter where the component is red, and darker where it is blue.
components = flattener.inverse_transform(pca.components_, dtype="float32")
mean = flattener.inverse_transform(pca.mean_.reshape(1, -1))[0]

figure, axes = plt.subplots(3, 6, figsize=(9, 5), layout="constrained")
axes = axes.ravel()
axes[0].imshow(mean, cmap="gray")
axes[0].set_title("mean", fontsize=9)
reach = np.abs(components).max()
for i, (ax, component) in enumerate(zip(axes[1:], components, strict=False)):
    ax.imshow(component, cmap="RdBu_r", vmin=-reach, vmax=reach)
    ax.set_title(f"{i + 1}: {pca.explained_variance_ratio_[i]:.1%}", fontsize=9)
for ax in axes:
    ax.set_axis_off()
figure.suptitle("The mean digit, and 17 components with their share of the variance")

# %%
# Along a component
# -----------------
# The mean plus a multiple of one component is an image. Values below black or above white are
# clipped.
steps = np.array([-2, -1, 0, 1, 2])
figure, axes = plt.subplots(3, len(steps), figsize=(7, 4.5), layout="constrained")
for row, ax_row in enumerate(axes):
    spread = np.sqrt(pca.explained_variance_[row])
    along = pca.mean_ + steps[:, np.newaxis] * spread * pca.components_[row]
    for ax, image, step in zip(ax_row, flattener.inverse_transform(along), steps, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=255)
        ax.set_title(f"component {row + 1}: {step:+d} sd" if step else "mean", fontsize=8)
        ax.set_axis_off()

# %%
# Reconstruction
# --------------
# `inverse_transform` of the pipeline inverts both steps.
counts = [2, 4, 8, 16, 32]
figure, axes = plt.subplots(6, len(counts) + 1, figsize=(7, 7), layout="constrained")
chosen = digits[20:26]
originals = flattener.inverse_transform(flattener.transform(chosen))
columns = {"original": originals}
for count in counts:
    pipe = make_pipeline(PixelFlattener(scaling="unit"), PCA(count, random_state=0)).fit(digits)
    columns[f"{count} numbers"] = pipe.inverse_transform(pipe.transform(chosen))
for ax_column, (title, images) in zip(axes.T, columns.items(), strict=True):
    ax_column[0].set_title(title, fontsize=9)
    for ax, image in zip(ax_column, images, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=255)
        ax.set_axis_off()

# %%
# How many components
# -------------------
# Eight components separate most digits, and each doubling adds less than the one before.
for count in counts:
    model = make_pipeline(
        PixelFlattener(scaling="unit"),
        PCA(count, random_state=0),
        LogisticRegression(max_iter=1000),
    )
    scores = cross_val_score(model, digits, data.target, cv=5)
    print(f"{count:>2} components: accuracy {scores.mean():.2f}")
plt.show()

# %%
# .. [1] M. Turk and A. Pentland, Eigenfaces for recognition. Journal of Cognitive Neuroscience,
#    1991. doi:10.1162/jocn.1991.3.1.71
