"""Turn X, in any form that scikit-learn users have, into a list of ImageColumn."""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import _check_feature_names, validate_data

from skfusion._utils.other_tables import refuse_other_tables
from skfusion.images._failures import shorten
from skfusion.images._image_column import ImageColumn
from skfusion.images._multi_image_cells import joined_column, single_column
from skfusion.images.sources._array_source import ArraySource
from skfusion.images.sources._find_source import describe, find_source, is_missing
from skfusion.images.sources._unknown_source import UnknownSource


def read_columns(estimator, X, image_shape, *, reset, allow_nan=False, combine=None):
    """Turn X into columns of images and keep the estimator's record of its input.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and `feature_names_in_` when `reset`; else X is checked against them.

    X : Series, DataFrame, list or ndarray
        Images in cells, an array of images, or flattened images (with `image_shape`).

    image_shape : tuple (height, width[, channels]) or None
        The shape of flattened images.

    reset : bool
        Whether this is a fit.

    allow_nan : bool, default=False
        Whether flattened images may be missing.

    combine : {"mean", "max"} or None, default=None
        Whether all images of a row belong together.

    Returns
    -------
    columns : list of ImageColumn
        One for each column of X; one in all for arrays of images, and with `combine`.
    """
    refuse_other_tables(X)
    if image_shape is not None:
        return [_flattened(estimator, X, image_shape, reset, allow_nan)]
    if _is_series(X):
        X = X.to_frame()
    if _is_frame(X):
        _check_feature_names(estimator, X, reset=reset)
        columns = _frame_columns(X)
    else:
        _check_feature_names(estimator, np.empty((1, 1)), reset=reset)
        columns = _array_columns(X)
    n_rows = len(columns[0][1]) if columns else 0
    if n_rows == 0:
        raise ValueError(
            f"Found {n_rows} sample(s) and {len(columns)} column(s) of images while a minimum "
            f"of 1 is required by {type(estimator).__name__}."
        )
    _check_count(estimator, len(columns), reset)
    if combine is None or (len(columns) == 1 and _is_of_images(columns[0][1])):
        return [_column(name, cells, position) for position, (name, cells) in enumerate(columns)]
    return [joined_column(columns)]


def _column(name, cells, position):
    if _is_of_images(cells):
        column = ImageColumn(name, cells, np.zeros(len(cells), dtype=bool))
    else:
        column = single_column(name, cells)
    column.position = position
    return column


def _is_of_images(cells):
    """Return whether a column is one array, with one image a row."""
    return isinstance(cells, np.ndarray)


def _is_series(X):
    return hasattr(X, "to_frame") and hasattr(X, "dtype")


def _is_frame(X):
    return hasattr(X, "columns") and hasattr(X, "shape") and not isinstance(X, np.ndarray)


def _frame_columns(X):
    names = list(X.columns)
    if hasattr(X, "iloc"):
        series = [X.iloc[:, i] for i in range(len(names))]
    else:
        series = [X[name] for name in names]
    columns = [(str(name), _cells(values)) for name, values in zip(names, series, strict=True)]
    for (name, cells), values in zip(columns, series, strict=True):
        _refuse_numbers(name, cells, values.dtype)
    return columns


def _cells(values):
    """Return the cells of a Series; one array where polars holds images of one size as numbers."""
    shape = getattr(values.dtype, "shape", ())  # of polars' Array
    if len(shape) in (2, 3) and values.null_count() == 0:
        array = values.to_numpy()
        if array.dtype.kind in "biuf":
            return array
    return list(values)


def _refuse_numbers(name, cells, dtype):
    """Refuse a column of numbers, unless it is all NaN: then no row has an image."""
    cell = next((cell for cell in cells if not is_missing(cell)), None)
    # The first cell decides; a later odd one is reported with its row when it is read.
    if isinstance(cell, (int, float, complex, np.number, np.bool_)):
        raise ValueError(
            f"Column {name!r} holds numbers (dtype {dtype}), not images. Select the columns of "
            "images, for instance with ColumnTransformer, or pass image_shape=(height, width) "
            "if each row of X is a flattened image."
        )


def _array_columns(X):
    if not isinstance(find_source(X), (ArraySource, UnknownSource)):
        raise ValueError(
            f"X must hold one image a row, got a single {type(X).__name__} "
            f"({shorten(describe(X), 100)}). Pass a list of one."
        )
    if issparse(X):
        raise TypeError(
            f"X is a sparse {type(X).__name__}, images are dense: pass X.toarray() with "
            "image_shape=(height, width)."
        )
    if isinstance(X, (list, tuple)):
        return [("x0", list(X))]
    if not isinstance(X, np.ma.MaskedArray):
        X = np.asarray(X)
    if X.dtype.kind in "OUST" and X.ndim in (1, 2):
        cells = X.astype(object)
        cells = cells[:, np.newaxis] if X.ndim == 1 else cells
        columns = [(f"x{i}", list(cells[:, i])) for i in range(cells.shape[1])]
        for name, cells in columns:
            _refuse_numbers(name, cells, X.dtype)
        return columns
    if X.ndim in (3, 4) and X.dtype.kind in "biuf":
        return [("x0", X)]
    if X.ndim == 5 and X.dtype.kind in "biuf":  # several images a row
        return [("x0", list(X))]
    raise ValueError(
        f"X of shape {X.shape} and dtype {X.dtype} holds no images: give a column of paths, "
        "bytes, PIL images or arrays, or an array of shape (n_rows, height, width, channels). "
        "Pass image_shape=(height, width) if each row of X is a flattened image. "
        "Reshape your data to have one image a row."
    )


def _flattened(estimator, X, image_shape, reset, allow_nan):
    mask = np.ma.getmaskarray(X) if isinstance(X, np.ma.MaskedArray) else None
    if mask is not None:
        X = X.filled(X.dtype.type(0))  # of what is not read, nothing is checked
    X = validate_data(
        estimator,
        X,
        reset=reset,
        dtype="numeric",
        ensure_all_finite="allow-nan" if allow_nan else True,
    )
    shape = resolve_shape(image_shape, X.shape[1])
    missing = np.isnan(X).any(axis=1) if X.dtype.kind == "f" else np.zeros(len(X), dtype=bool)
    if mask is not None and mask.any():
        X = np.ma.MaskedArray(X, mask)
    return ImageColumn("image", X.reshape(len(X), *shape), missing)


def resolve_shape(image_shape, n_pixels):
    """Return (height, width, channels), with -1 replaced by what n_pixels leaves."""
    shape = tuple(np.asarray(image_shape).tolist())
    known = [side for side in shape if side != -1]
    whole = all(isinstance(side, int) and side > 0 for side in known)
    if len(shape) not in (2, 3) or len(shape) - len(known) > 1 or not whole:
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), positive integers "
            f"of which one may be -1; got {image_shape!r}."
        )
    product = int(np.prod(known))
    if n_pixels % product or (len(known) == len(shape) and n_pixels != product):
        raise ValueError(
            f"image_shape={shape} needs {product} columns"
            f"{' or a multiple' if -1 in shape else ''}, X has {n_pixels}."
        )
    shape = tuple(n_pixels // product if side == -1 else side for side in shape)
    return shape if len(shape) == 3 else (*shape, 1)


def _check_count(estimator, n_columns, reset):
    if reset:
        estimator.n_features_in_ = n_columns
    elif n_columns != estimator.n_features_in_:
        raise ValueError(
            f"X has {n_columns} columns of images, but {type(estimator).__name__} was fitted "
            f"on {estimator.n_features_in_}."
        )
