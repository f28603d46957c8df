"""Rows of X with images in some columns, whatever container X is; copies are added to it."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skfusion.augmentation._array_table import ArrayTable
from skfusion.augmentation._cell_table import CellTable
from skfusion.augmentation._flat_table import FlatTable
from skfusion.augmentation._frame_table import FrameTable


def as_table(X, image_shape=None):
    """Wrap X.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        One row a sample.

    image_shape : tuple (height, width, channels) or None, default=None
        The shape of the images where each row of X is a flattened one.

    Returns
    -------
    table : FlatTable, ArrayTable, FrameTable or CellTable
        With `n_rows`, `columns` (name and cells of each), `find` and `extend`.

    Raises
    ------
    ValueError
        If X is no container of rows.
    """
    if issparse(X):
        raise TypeError("X is sparse, images are dense: pass X.toarray().")
    if image_shape is not None:
        return FlatTable(X, image_shape)
    if hasattr(X, "columns") and not isinstance(X, np.ndarray):
        return FrameTable(X)
    if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "biuf":
        return ArrayTable(X)
    if isinstance(X, np.ndarray) and (X.dtype.kind not in "OUS" or X.ndim not in (1, 2)):
        raise ValueError(
            f"X of shape {X.shape} and dtype {X.dtype} holds no images: give a table with "
            "columns of images, an array of shape (n_rows, height, width, channels), or pass "
            "image_shape=(height, width) if each row of X is a flattened image. "
            "Reshape your data to have one image a row."
        )
    if isinstance(X, (str, bytes)) or not hasattr(X, "__len__"):
        raise ValueError(f"X must hold one row a sample, got a single {type(X).__name__}.")
    return CellTable(X)


def take_rows(y, origins):
    """Y with the rows `origins` again at its end, in its own container."""
    if y is None:
        return None
    order = np.concatenate([np.arange(len(y)), origins])
    if isinstance(y, (pd.Series, pd.DataFrame)):
        return y.take(order).reset_index(drop=True)
    if hasattr(y, "to_arrow"):  # polars
        return y[order.tolist()]
    values = np.asarray(y)[order]
    return values.tolist() if isinstance(y, (list, tuple)) else values
