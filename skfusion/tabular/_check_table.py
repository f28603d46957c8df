"""Checks of X: a table of pandas with named columns, in the order of `fit`."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from skfusion._utils.dask_rows import is_dask
from skfusion._utils.object_array import object_array
from skfusion._utils.other_tables import refuse_other_tables


def check_table(estimator, X, *, reset, needed=None):
    """Return X as a table of pandas.

    Parameters
    ----------
    estimator : estimator
        In a fit, it gets `n_features_in_` and `feature_names_in_`; else X is checked against them.

    X : DataFrame (pandas or polars), Series or ndarray
        A table, one column of images, numbers of shape (n_rows, n_columns), or images of
        shape (n_rows, height, width[, channels]).

    reset : bool
        Whether this is a fit.

    needed : list of str, default=None
        After the fit, the columns that have to be there; None is all. Others may be missing, and
        are then empty.

    Returns
    -------
    table : DataFrame
        In a fit the columns of X, those of an array named x0, x1, ...; else the columns of `fit`,
        found by their names in any order where X has names.
    """
    if is_dask(X):
        remedy = "X.compute()" if reset else "X.compute(), or call skfusion.distributed.predict"
        raise TypeError(
            f"{type(estimator).__name__} takes tables in memory, got one of Dask. Pass {remedy}."
        )
    refuse_other_tables(X)
    if hasattr(X, "to_frame") and hasattr(X, "dtype"):
        _refuse_single_row(estimator, X, reset)
        X = X.to_frame()
    if not hasattr(X, "columns") or isinstance(X, np.ndarray):
        table = _check_array(estimator, X, reset)
    elif reset:
        table = _name_columns(to_pandas(X))
        validate_data(estimator, X, reset=True, skip_check_array=True)
    else:
        table = _find_columns(estimator, X, needed)
    _refuse_no_rows(estimator, table)
    if reset:
        estimator._input_columns = list(table.columns)
    return table.set_axis(estimator._input_columns, axis=1)


def to_pandas(X):
    """Return a table of pandas, or of another library, as one of pandas, without pyarrow."""
    if isinstance(X, pd.DataFrame):
        return X
    return pd.DataFrame({name: _to_series(X[name]) for name in X.columns})


def _to_series(column):
    """Return a column of another library; categories stay categories, however many there are."""
    is_category = str(column.dtype).startswith(("Categorical", "Enum"))
    return pd.Series(column.to_list(), dtype="category" if is_category else None)


def _check_array(estimator, X, reset):
    if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "biuf":
        X = object_array(X)[:, np.newaxis]
    X = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite=False)
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return table.infer_objects() if X.dtype == object else table


def _find_columns(estimator, X, needed):
    """Return the columns of `fit`, by name where all that are needed are there, else by place."""
    columns = estimator._input_columns
    names = [str(name) for name in X.columns]
    missing = [name for name in columns if name not in names]
    if not set(missing) & set(columns if needed is None else needed):
        chosen = [name for name, text in zip(X.columns, names, strict=True) if text in columns]
        return _name_columns(to_pandas(X[chosen])).reindex(columns=columns)
    if hasattr(estimator, "feature_names_in_"):
        lines = "".join(f"- {name}\n" for name in missing)
        raise ValueError(
            "The feature names should match those that were passed during fit.\nFeature names "
            f"seen at fit time, yet now missing:\n{lines}"
        )
    validate_data(estimator, X, reset=False, skip_check_array=True)  # their number
    return to_pandas(X)


def _name_columns(table):
    """Return the table with text as names of columns: numbers would be taken for positions."""
    names = [str(name) for name in table.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"X has several columns of the same name: {repeated}. Rename them.")
    return table.set_axis(names, axis=1)


def _refuse_single_row(estimator, X, reset):
    if not reset and estimator.n_features_in_ != 1:
        raise ValueError(
            f"X is a Series, but {type(estimator).__name__} was fitted on "
            f"{estimator.n_features_in_} columns. Pass a DataFrame; of a single row, X.iloc[[0]]."
        )


def _refuse_no_rows(estimator, table):
    if len(table) == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={table.shape}) while a minimum of 1 is required "
            f"by {type(estimator).__name__}."
        )
