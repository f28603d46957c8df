"""X in any form that models of images take, as a DataFrame."""

import numpy as np
import pandas as pd

from skfusion._utils.object_array import object_array
from skfusion._utils.other_tables import refuse_other_tables

# The name of the only column where X has no names.
NAMELESS = "image"


def as_frame(X, name="X"):
    """Return X as a DataFrame with one image in each cell of an image column.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        The rows: a table of pandas or polars, or one column of images.

    name : str, default="X"
        The name of the argument in messages.

    Returns
    -------
    frame : DataFrame of shape (n_rows, n_columns)
        Its index is that of X.

    Raises
    ------
    ValueError
        If X has no rows, or is an array that is no column of images.
    """
    frame = _as_frame(X, name)
    if len(frame) == 0:
        raise ValueError(f"{name} has no rows. Pass at least one.")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"{name} has several columns named {twice!r}. Rename all but one.")
    return frame


def _as_frame(X, name):
    refuse_other_tables(X)
    if isinstance(X, pd.DataFrame):
        return X
    if isinstance(X, pd.Series):
        return X.to_frame()
    if hasattr(X, "to_dicts") or (hasattr(X, "to_frame") and hasattr(X, "to_list")):
        return _of_polars(X)
    if isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.ndim in (1, 3, 4)):
        return pd.DataFrame({NAMELESS: object_array(X)})
    raise ValueError(
        f"{name} must be a DataFrame, or one column of images as a Series, a list or an array of "
        f"shape (n_rows, height, width, channels); got a {type(X).__name__}"
        f"{f' of shape {X.shape}' if hasattr(X, 'shape') else ''}."
    )


def _of_polars(X):
    frame = X if hasattr(X, "columns") else X.to_frame()
    return pd.DataFrame({column: _cells(frame[column]) for column in frame.columns})


def _cells(series):
    if series.dtype.is_numeric() or series.dtype.is_temporal():
        return series.to_numpy()
    return object_array(series.to_list())


def find_places(frame, rows):
    """Return the positions of some rows of X, checked.

    Parameters
    ----------
    frame : DataFrame
        The rows of X.

    rows : int, sequence of int or None
        Positions, from 0. None is all.

    Returns
    -------
    places : ndarray of int
        The positions.

    Raises
    ------
    ValueError
        If a row does not exist.
    """
    if rows is None:
        return np.arange(len(frame))
    places = np.atleast_1d(np.asarray(rows))
    if places.dtype.kind not in "iu" or places.ndim != 1 or len(places) == 0:
        raise ValueError(f"rows must be positions of rows, such as rows=[0, 3]; got {rows!r:.60}.")
    wrong = places[(places < 0) | (places >= len(frame))]
    if len(wrong):
        raise ValueError(
            f"Row {int(wrong[0])} does not exist: X has {describe_rows(len(frame))}. Rows are "
            "positions, not labels of the index."
        )
    return places


def describe_rows(n_rows):
    """Return which rows there are, in words.

    Examples
    --------
    >>> from skfusion.inspection._rows_as_frame import describe_rows
    >>> [describe_rows(1), describe_rows(30)]
    ['one row, row 0', '30 rows, 0 to 29']
    """
    return "one row, row 0" if n_rows == 1 else f"{n_rows} rows, 0 to {n_rows - 1}"
