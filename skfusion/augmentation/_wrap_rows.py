"""Rows of X and y, in whatever container they come."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skfusion._utils.other_tables import refuse_other_tables
from skfusion.augmentation._array_rows import ArrayRows
from skfusion.augmentation._cell_rows import CellRows
from skfusion.augmentation._flat_rows import FlatRows
from skfusion.augmentation._frame_rows import FrameRows


def wrap_rows(X, image_shape=None):
    """Wrap X in the ImageRows of its container.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        The rows.

    image_shape : tuple (height, width, channels) or None, default=None
        The shape of the images, if each row of X is a flattened image.

    Returns
    -------
    rows : ImageRows
        The rows.

    Raises
    ------
    TypeError
        If X is sparse.

    ValueError
        If X is no container of rows.
    """
    refuse_other_tables(X)
    if issparse(X):
        raise TypeError("X is sparse, and images are dense. Pass X.toarray().")
    if image_shape is not None:
        return FlatRows(X, image_shape)
    if hasattr(X, "columns") and not isinstance(X, np.ndarray):
        return FrameRows(X)
    if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "biuf":
        return ArrayRows(X)
    if isinstance(X, np.ndarray) and (X.dtype.kind not in "OUST" or X.ndim not in (1, 2)):
        raise ValueError(
            f"X of shape {X.shape} and dtype {X.dtype} holds no images. Pass a table with columns "
            "of images, an array of shape (n_rows, height, width, channels), or "
            "image_shape=(height, width) if each row of X is a flattened image. "
            "Reshape your data to have one image in each row."
        )
    if isinstance(X, (str, bytes)) or not hasattr(X, "__len__"):
        raise ValueError(f"X must hold one row for each sample, got a single {type(X).__name__}.")
    return CellRows(X)


def take_rows(y, origins):
    """Return y with the rows `origins` appended, in its own container."""
    if y is None:
        return None
    order = np.concatenate([np.arange(len(y)), origins])
    if isinstance(y, (pd.Series, pd.DataFrame)):
        return y.take(order).reset_index(drop=True)
    if hasattr(y, "to_arrow"):  # polars
        return y[order.tolist()]
    values = np.asarray(y)[order]
    return values.tolist() if isinstance(y, (list, tuple)) else values
