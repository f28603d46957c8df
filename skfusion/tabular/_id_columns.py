"""Columns that identify rows, such as numbers of patients, and hold nothing to learn from."""

import re
from decimal import Decimal

import numpy as np

from skfusion.tabular._dates import are_dates

# A column of text with more distinct values than this is no category.
MAX_CATEGORIES = 30
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ID_NAME = re.compile(r"(^|[ _.-])([gu]?uid|ids?|identifier|index)$|^id[ _.-]|^unnamed: \d+$")
_ZIP_NAME = re.compile(r"(^|[ _.-])(zip|zip[ _.-]?codes?|post(al)?[ _.-]?codes?|plz)$")
# A column named as an identifier is one where a value has fewer rows than this on average.
_ROWS_OF_A_CODE = 10
_NUMBERS = (int, float, Decimal, np.integer, np.floating)
# How likely whole numbers drawn at random would be distinct; below this, they count rows.
_CHANCE = 0.01
_COUNTER = "distinct whole numbers, as in a column that counts rows"


def find_id_columns(table):
    """Find the columns that identify rows.

    Parameters
    ----------
    table : DataFrame
        Columns without images.

    Returns
    -------
    reasons : dict of str to str
        By column, how its cells look.

    Notes
    -----
    These are: columns with a name like ``patient_id``, unless its values are few, as codes of
    categories are; zip codes as numbers; whole numbers that are distinct although chance would
    have made some of them equal, as in a column that counts rows; and another word in each row.
    A column of dtype "category", and one with missing cells and no such name, is kept.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._id_columns import find_id_columns
    >>> table = pd.DataFrame({"house": range(100, 160), "rooms": [3, 4, 5] * 20})
    >>> find_id_columns(table)
    {'house': 'distinct whole numbers, as in a column that counts rows'}
    """
    reasons = {name: _reason(name, table[name]) for name in table.columns}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _reason(name, column):
    held = column.dropna()
    if len(held) < 2 or column.dtype.name == "category":
        return None
    numbers = _whole_numbers(held)
    words = numbers is None and _are_words(held)
    if numbers is None and not words:
        return None
    if numbers is not None and is_named_as_zip_code(name):
        return "zip codes as numbers"
    n_distinct = held.nunique()
    many = n_distinct > MAX_CATEGORIES or n_distinct * _ROWS_OF_A_CODE > len(held)
    if many and n_distinct > 2 and _ID_NAME.search(_snake_case(name)):
        return "an identifier by its name"
    if len(held) < len(column) or n_distinct < len(held):
        return None
    if words:
        return _another_word(held) if n_distinct > MAX_CATEGORIES else None
    return _COUNTER if _count_rows(numbers) else None


def _another_word(held):
    return f"another word in each row, such as {held.iloc[0]!r}"


def is_named_as_zip_code(name):
    """Return whether a column's name is that of a column of zip codes."""
    return bool(_ZIP_NAME.search(_snake_case(name)))


def _snake_case(name):
    return _CAMEL.sub("_", str(name)).lower()


def _whole_numbers(held):
    """Return the cells as int64, or None where they are other than whole numbers."""
    if held.dtype.kind not in "iuf" and not all(isinstance(cell, _NUMBERS) for cell in held):
        return None
    numbers = held.to_numpy(float)
    whole = np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()
    return numbers.astype(np.int64) if whole and np.abs(numbers).max() < 2**62 else None


def _are_words(held):
    """Return whether all cells are text without spaces, and no dates."""
    cells = held if held.dtype.kind in "OTU" or held.dtype.name.startswith("str") else []
    if not len(cells) or are_dates(held):
        return False
    return all(isinstance(cell, str) and len(cell.split()) == 1 for cell in cells)


def _count_rows(numbers):
    """Return whether distinct whole numbers count rows.

    They do where as many numbers, drawn from the same range by chance, would hardly be distinct
    (the birthday problem).
    """
    steps = np.diff(np.sort(numbers))
    n_possible = float(steps.sum()) / np.gcd.reduce(steps) + 1
    log_chance = np.log1p(-np.arange(len(numbers)) / n_possible).sum()
    return bool(log_chance < np.log(_CHANCE))
