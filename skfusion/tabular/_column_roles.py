"""The roles of the columns of a table: images, data, or ids of rows."""

import warnings
from typing import Any, NamedTuple

import pandas as pd

from skfusion._utils.messages import caller_stacklevel
from skfusion.images._find_columns import find_image_columns
from skfusion.tabular._dates import are_dates
from skfusion.tabular._id_columns import MAX_CATEGORIES, find_id_columns, is_named_as_zip_code

# In amounts such as "$1,234.50", "1'000 CHF", "€ 12" and "7.5 %".
_SIGNS = r"[\s,'%$€£¥₹]|\b(?:USD|EUR|GBP|CHF|JPY|INR)\b"


class ColumnRoles(NamedTuple):
    """The columns of a table by what they hold.

    Attributes
    ----------
    image : list of str
        The columns of images.

    table : list of str
        The columns to learn from that hold no images, in the table's order.

    id : list of str
        The columns that identify rows; they are left out.

    found : bool
        Whether the columns of images were found by their cells, not named by the user.
    """

    image: list[Any]
    table: list[Any]
    id: list[Any]
    found: bool

    @classmethod
    def of(cls, table, image_columns, id_columns):
        """Find the role of each column; warn of what the user has not named.

        Parameters
        ----------
        table : DataFrame
            The table of `fit`.

        image_columns, id_columns : str, list of str or None
            As in `FusionClassifier`; None finds them.

        Raises
        ------
        ValueError
            If a name is unknown or in both, or if there is no column to learn from.
        """
        if image_columns is None:
            positions = find_image_columns([table[name] for name in table.columns])
            images = [table.columns[position] for position in positions]
            if not images:
                _warn_of_no_image_column(table)
        else:
            images = _named(table, image_columns, "image_columns")
        if id_columns is not None:
            both = sorted({*_named(table, id_columns, "id_columns")} & {*images})
            if both:
                raise ValueError(f"id_columns names columns of images: {both}.")
        others = [name for name in table.columns if name not in images]
        ids = choose_id_columns(table[others], id_columns, keep_one=not images)
        data = [name for name in others if name not in ids]
        if not images and not data:
            raise ValueError(
                f"X has no column to learn from: columns {list(table.columns)}, id_columns {ids}."
            )
        return cls(images, data, ids, image_columns is None)


def choose_id_columns(table, id_columns, *, keep_one=True):
    """Return the columns that are left out because they identify rows; warn of those found.

    Parameters
    ----------
    table : DataFrame
        Columns without images.

    id_columns : str, list of str or None
        The columns to leave out, as far as `table` has them; None finds them.

    keep_one : bool, default=True
        Keep columns that would be left out where no other column remains.
    """
    if id_columns is not None:
        return _named(table, id_columns, "id_columns")
    reasons = find_id_columns(table)
    if keep_one and len(reasons) == table.shape[1]:
        return []
    for name, reason in reasons.items():
        remedy = "To keep it, name the columns to leave out in id_columns, [] for none"
        if is_named_as_zip_code(name):
            remedy += "; as text, zip codes are a category"
        _warn(f"Column {name!r} holds {reason}: it identifies rows and is left out. {remedy}.")
    return list(reasons)


def warn_of_numbers_as_text(table):
    """Warn of columns of text most of whose cells are numbers.

    Parameters
    ----------
    table : DataFrame
        The columns that hold no images.
    """
    for name in table.columns:
        held = table[name].dropna()
        if not _is_text(held) or is_named_as_zip_code(name):
            continue
        numbers = pd.to_numeric(held, errors="coerce")
        amounts = pd.to_numeric(held.astype(str).str.replace(_SIGNS, "", regex=True), "coerce")
        if numbers.notna().mean() <= 0.5 < amounts.notna().mean():
            _warn(
                f"Column {name!r} holds amounts as text, such as {held.iloc[0]!r}; it is used as "
                "text. Make it numbers: remove signs of currencies, percent and thousands, then "
                "pandas.to_numeric(column, errors='coerce')."
            )
        elif numbers.notna().mean() > 0.5:
            others = "".join(f", others such as {cell!r}" for cell in held[numbers.isna()][:1])
            _warn(
                f"Column {name!r} holds numbers as text in {numbers.notna().sum()} rows{others}; "
                "it is used as text. Make it numbers: pandas.to_numeric(column, errors='coerce')."
            )


def _named(table, columns, parameter):
    """Return the names that a user gave; refuse those that the table does not have."""
    names = [columns] if isinstance(columns, str) else list(columns)
    names = [str(name) for name in names]
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise ValueError(
            f"{parameter} names {unknown}, which X does not have; its columns are "
            f"{list(table.columns)}."
        )
    if len(set(names)) < len(names):
        raise ValueError(f"{parameter} names a column twice: {names}.")
    return names


def _is_text(held):
    """Return whether a column without gaps is text: no dates, and more values than a category."""
    if held.dtype.kind in "biufMm" or held.dtype.name == "category" or are_dates(held):
        return False
    return all(isinstance(cell, str) for cell in held) and held.nunique() > MAX_CATEGORIES


def _warn_of_no_image_column(table):
    _warn(
        f"No column of X looks like images (columns: {list(table.columns)}): the table is the only "
        "source. Name them in image_columns, or pass image_columns=[] if there are none."
    )


def _warn(text):
    warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())
