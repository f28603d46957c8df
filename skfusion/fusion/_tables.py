"""X, in any form that it may have, becomes a pandas table of columns with names."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from skfusion.images._find_columns import find_image_columns


def as_table(estimator, X, *, reset):
    """A pandas table of X, and the estimator's record of its input.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and `feature_names_in_` when `reset`, is checked against them else.

    X : DataFrame (pandas or polars), Series or ndarray
        A table, one column of pictures, numbers of shape (n_rows, n_columns), or pictures of
        shape (n_rows, height, width[, channels]).

    reset : bool
        Whether this is a fit.

    Returns
    -------
    table : DataFrame
        With the columns of X; those of an array are named x0, x1, ...
    """
    if hasattr(X, "to_frame") and hasattr(X, "dtype"):
        X = X.to_frame()
    if hasattr(X, "columns") and not isinstance(X, np.ndarray):
        _refuse_odd_names(list(X.columns))
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        table = to_pandas(X)
        _refuse_no_rows(estimator, table)
        return table
    if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "biuf":
        X = _cells(X)
    X = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite=False)
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return table.infer_objects() if X.dtype == object else table


def split_columns(table, image_columns):
    """The names of the picture columns and of all others.

    Parameters
    ----------
    table : DataFrame
        The table of `fit`.

    image_columns : str, list of str or None
        As in `FusionClassifier`; None finds them.

    Returns
    -------
    image_columns, table_columns : list
        Names, in the order given and in the table's order.
    """
    if image_columns is None:
        found = find_image_columns([table[name] for name in table.columns])
        names = [table.columns[position] for position in found]
    else:
        names = [image_columns] if isinstance(image_columns, str) else list(image_columns)
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise ValueError(
            f"image_columns names {unknown}, which X does not have; its columns are "
            f"{list(table.columns)}."
        )
    if len(set(names)) < len(names):
        raise ValueError(f"image_columns names a column twice: {names}.")
    return names, [name for name in table.columns if name not in names]


def _cells(pictures):
    """A column of shape (n_rows, 1) whose cells are the pictures of an array."""
    column = np.empty((len(pictures), 1), dtype=object)
    for row, picture in enumerate(pictures):
        column[row, 0] = picture
    return column


def to_pandas(X):
    """A table of pandas, or of another library (polars) without asking for pyarrow, as pandas's."""
    if isinstance(X, pd.DataFrame):
        return X
    return pd.DataFrame({name: pd.Series(X[name].to_list()) for name in X.columns})


def _refuse_odd_names(names):
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"X has several columns of the same name: {twice}. Rename them.")


def _refuse_no_rows(estimator, table):
    if len(table) == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={table.shape}) while a minimum of 1 is required "
            f"by {type(estimator).__name__}."
        )
