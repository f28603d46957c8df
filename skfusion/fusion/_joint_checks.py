"""Checks of the rows of joint networks: missing images, and rows of which nothing is known."""

import warnings

import numpy as np

from skfusion._utils.messages import caller_stacklevel, join_names
from skfusion.fusion._source_encoder import to_floats, with_a_column


def check_shapes(shapes, columns):
    """Refuse columns of images of different shapes.

    Parameters
    ----------
    shapes : list of tuple
        The shape of the images of each column.

    columns : list of str
        The names of the columns.
    """
    if len(set(shapes)) > 1:
        raise ValueError(
            f"The images of {columns} have the shapes {shapes}, and one network takes them. Pass "
            "image_size; for gray and color images also a named backbone, which gets color."
        )


def check_images(has_image, columns):
    """Refuse columns without an image.

    Parameters
    ----------
    has_image : list of ndarray
        For each column which rows have one.

    columns : list of str
        The names of the columns.
    """
    lacking = [name for name, has in zip(columns, has_image, strict=True) if not has.any()]
    if lacking:
        raise ValueError(
            f"No row has an image in {lacking}. Pass image_columns without them; "
            "image_columns=[] learns from the table alone."
        )


def to_table_input(numbers, has_table, transformer):
    """Return what a transformer of the table gives as float32, with 0 in rows without a table.

    Parameters
    ----------
    numbers : array-like of shape (n_rows, n_columns)
        The output of the transformer.

    has_table : ndarray of bool of shape (n_rows,)
        Which rows have an entry in the table.

    transformer : transformer
        The transformer, for the error.

    Raises
    ------
    ValueError
        If a row with an entry has a value that is not finite: all its outputs would be NaN.
    """
    with np.errstate(over="ignore"):
        values = with_a_column(to_floats(numbers)).astype(np.float32)
    rows = np.flatnonzero(has_table & ~np.isfinite(values).all(axis=1)).tolist()
    if rows:
        named = join_names(f"row {row}" for row in rows)
        raise ValueError(
            f"{type(transformer).__name__} gives NaN, infinity or numbers too large for float32 in "
            f"{len(rows)} of {len(values)} rows: {named}. Correct these rows, or pass a "
            "table_transformer that imputes, such as "
            "make_pipeline(SimpleImputer(), StandardScaler())."
        )
    return np.where(has_table[:, np.newaxis], values, np.float32(0))


def warn_of_empty(is_empty, index):
    """Warn of rows that have neither an image nor an entry in the table.

    Parameters
    ----------
    is_empty : ndarray of bool of shape (n_rows,)
        Which rows these are.

    index : pandas.Index
        The labels of the rows.
    """
    rows = np.flatnonzero(is_empty).tolist()
    if not rows:
        return
    named = join_names(
        f"row {row}" if index[row] == row else f"row {row} (index {index[row]})" for row in rows
    )
    warnings.warn(
        f"{len(rows)} of {len(index)} rows have neither an image nor an entry in the table: "
        f"{named}. Their prediction depends on no cell of theirs. Leave them out, or fill them in.",
        UserWarning,
        stacklevel=caller_stacklevel(),
    )
