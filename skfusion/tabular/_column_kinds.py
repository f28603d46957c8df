"""The kind of a column of a table, and its cells in one type."""

from decimal import Decimal

import numpy as np
import pandas as pd

from skfusion.tabular._dates import are_blank, are_dates, to_dates

# A bool is an int. Complex numbers are none of these.
_NUMBERS = (int, float, Decimal, np.integer, np.floating, np.bool_)


def find_kind(name, column, max_categories):
    """Return what a column holds: "number", "category", "text", "date" or "constant".

    Parameters
    ----------
    name : str
        The name of the column, for messages.

    column : Series
        The cells.

    max_categories : int
        Text with more distinct values than this is "text", not "category".

    Raises
    ------
    ValueError
        If cells are neither numbers, text nor dates.
    """
    held = column.dropna()
    is_category = column.dtype.name == "category"  # whatever its values are
    of_numbers = not is_category and (column.dtype.kind in "biuf" or _are_numbers(held))
    if not is_category and not of_numbers and not are_dates(column):
        _refuse_objects(name, column)
    if held.nunique() + column.isna().any() < 2 or held.empty:
        return "constant"
    if of_numbers:
        return "number"
    if are_dates(column):
        return "date"
    few = held.nunique() <= max_categories
    return "category" if is_category or few else "text"


def convert_cells(name, column, kind):
    """Return the cells as float, text or datetime64[us], by the kind of the column.

    A missing cell becomes NaN or NaT.

    Raises
    ------
    ValueError
        If a column of numbers or dates holds something else.
    """
    if kind == "number":
        return _to_numbers(name, column)
    if kind == "date":
        return _to_dates(name, column)
    texts = _plain(column).map(_to_text, na_action="ignore")
    return texts.astype(object)  # also where all are missing


def _plain(column):
    """Return a column of NumPy's own types, with NaN for every missing cell."""
    if column.dtype.kind in "iuf" and isinstance(column.dtype, np.dtype):
        return column
    plain = column.astype(object)
    plain = plain.where(plain.notna(), np.nan)
    return plain.map(lambda cell: float(cell) if isinstance(cell, Decimal) else cell)


def _to_numbers(name, column):
    try:
        numbers = pd.to_numeric(_plain(column)).astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Column {name!r} held numbers in fit, and now: {error}") from error
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise ValueError(
            f"Input X contains infinity: column {name!r}, row {row}. Replace it, with NaN if the "
            "value is not known."
        )
    return numbers


def _to_dates(name, column):
    dates = to_dates(column)
    lost = np.asarray(dates.isna() & column.notna()) & ~are_blank(column)
    if lost.any():
        row = int(np.argmax(lost))
        raise ValueError(
            f"Column {name!r} held dates in fit, and now {column.iloc[row]!r} in row {row}. Dates "
            "are read as in 2026-11-22; None marks one that is not known."
        )
    return dates


def _to_text(cell):
    """Return a category's name: the same for whole numbers, also where NaN made them floats."""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return cell if isinstance(cell, str) else str(cell)


def _are_numbers(held):
    """Return whether all cells of a column of objects, or of pandas's types, are numbers."""
    return len(held) > 0 and all(isinstance(cell, _NUMBERS) for cell in held)


def _refuse_objects(name, column):
    for row in np.flatnonzero(column.notna()):
        cell = column.iloc[row]
        if not isinstance(cell, (str, *_NUMBERS)):
            raise ValueError(
                f"Column {name!r} holds a {type(cell).__name__} in row {row}: the argument must be "
                "a string or a number, or a date. Leave the column out, or name it in "
                "image_columns if it holds images."
            )
