"""ColumnFacts: what a column of the table was like in fit."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

_MOST_CATEGORIES = 1000


@dataclass(frozen=True)
class ColumnFacts:
    """Facts of a column of the table in `fit`; None where they are not known.

    Parameters
    ----------
    name : str
        The name of the column.

    n_rows : float, default=inf
        The number of rows.

    mean, deviation : float or None, default=None
        The mean and the standard deviation of numbers.

    low, high : float or None, default=None
        The smallest and the largest number.

    categories : frozenset or None, default=None
        All values of a column of categories.

    missing_share : float or None, default=None
        The share of rows without a value.
    """

    name: str
    n_rows: float = np.inf
    mean: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    categories: frozenset[str] | None = None
    missing_share: float | None = None

    @classmethod
    def of_cells(cls, column):
        """Return the facts of a column of a table."""
        held = column.dropna()
        missing = 1 - len(held) / max(len(column), 1)
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            if held.empty:
                return cls(column.name, len(column), missing_share=missing)
            values = held.to_numpy(dtype=float)
            return cls(
                column.name,
                len(column),
                mean=float(values.mean()),
                deviation=float(values.std()),
                low=float(values.min()),
                high=float(values.max()),
                missing_share=missing,
            )
        is_date = pd.api.types.is_datetime64_any_dtype(column)
        values = frozenset() if is_date else frozenset(map(category_text, held))
        # Free text differs in most rows: a new value means nothing there.
        is_category = not is_date and len(values) <= min(_MOST_CATEGORIES, len(held) / 2)
        categories = values if is_category else None
        return cls(column.name, len(column), categories=categories, missing_share=missing)


def category_text(value):
    """Return a category as text; 1, 1.0 and NumPy's 1 are the same, as are dates of any type."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if is_number and np.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)
