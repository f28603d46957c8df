"""X, in any form that it may have, becomes a pandas table of columns with names."""

import warnings

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from skfusion._utils.messages import caller_stacklevel
from skfusion.images._find_columns import find_image_columns
from skfusion.tabular._date_column import are_dates

# A column of text with more distinct values than this is no category.
MAX_CATEGORIES = 30


def as_table(estimator, X, *, reset):
    """A pandas table of X, and the estimator's record of its input.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and `feature_names_in_` when `reset`, is checked against them else.

    X : DataFrame (pandas or polars), Series or ndarray
        A table, one column of images, numbers of shape (n_rows, n_columns), or images of
        shape (n_rows, height, width[, channels]).

    reset : bool
        Whether this is a fit.

    Returns
    -------
    table : DataFrame
        With the columns of X; those of an array are named x0, x1, ...
    """
    if hasattr(X, "to_frame") and hasattr(X, "dtype"):
        _refuse_single_row(estimator, X, reset)
        X = X.to_frame()
    if hasattr(X, "columns") and not isinstance(X, np.ndarray):
        table = to_pandas(X)
        table = table.set_axis(_names(table), axis=1)
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        _refuse_no_rows(estimator, table)
    else:
        if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "biuf":
            X = _cells(X)
        X = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite=False)
        table = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
        table = table.infer_objects() if X.dtype == object else table
    if reset:
        estimator._column_names = list(table.columns)
    # The check has seen to it that names agree, where both have names, else their number.
    return table.set_axis(estimator._column_names, axis=1)


def split_columns(table, image_columns):
    """The names of the image columns and of all others.

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
        if not names:
            _warn(
                f"No column of X looks like images (columns: {list(table.columns)}): the table "
                "is the only source. Name them in image_columns, or pass image_columns=[] if "
                "there are none."
            )
    else:
        names = [image_columns] if isinstance(image_columns, str) else list(image_columns)
        names = [str(name) for name in names]
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise ValueError(
            f"image_columns names {unknown}, which X does not have; its columns are "
            f"{list(table.columns)}."
        )
    if len(set(names)) < len(names):
        raise ValueError(f"image_columns names a column twice: {names}.")
    return names, [name for name in table.columns if name not in names]


def warn_of_text(table):
    """Warn of columns whose text is hardly meant as text: names of rows, and numbers.

    Parameters
    ----------
    table : DataFrame
        The columns that hold no images.
    """
    for name in table.columns:
        held = table[name].dropna()
        if not _is_text(held):
            continue
        numbers = pd.to_numeric(held, errors="coerce")
        if numbers.notna().mean() > 0.5:
            others = "".join(f", others such as {cell!r}" for cell in held[numbers.isna()][:1])
            _warn(
                f"Column {name!r} holds numbers as text in {numbers.notna().sum()} rows{others}; "
                "it is used as text. Make it numbers: pandas.to_numeric(column, errors='coerce')."
            )
        elif held.is_unique and all(len(cell.split()) == 1 for cell in held):
            _warn(
                f"Column {name!r} holds another word in each row, such as {held.iloc[0]!r}, as "
                "names of files and numbers of patients do; it is used as text. Leave it out if it "
                "only names the row."
            )


def _is_text(held):
    """Whether a column without gaps is text: with more values than a category, and no dates."""
    if held.dtype.kind in "biufMm" or held.dtype.name == "category" or are_dates(held):
        return False
    return all(isinstance(cell, str) for cell in held) and held.nunique() > MAX_CATEGORIES


def _warn(text):
    warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())


def _cells(images):
    """A column of shape (n_rows, 1) whose cells are the images of an array."""
    column = np.empty((len(images), 1), dtype=object)
    for row, image in enumerate(images):
        column[row, 0] = image
    return column


def to_pandas(X):
    """A table of pandas, or of another library (polars) without asking for pyarrow, as pandas's."""
    if isinstance(X, pd.DataFrame):
        return X
    return pd.DataFrame({name: pd.Series(X[name].to_list()) for name in X.columns})


def _names(table):
    """The columns' names as text: a number would be taken for a position."""
    names = [str(name) for name in table.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"X has several columns of the same name: {twice}. Rename them.")
    return names


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
