"""Turn a column of any kind into a few levels."""

import numpy as np
import pandas as pd

_BINS = 8
_MOST_LEVELS = 40
_RARE = 3


def to_levels(values):
    """Return the level of each row, as numbers from 0.

    Numbers with many values are cut at their quantiles. Rare values share one level. Missing
    values have a level of their own.

    Parameters
    ----------
    values : Series
        The column.

    Returns
    -------
    levels : ndarray of int of shape (n_rows,)
        The levels; all 0 where the column does not vary.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.reports.audit._fact_levels import to_levels
    >>> to_levels(pd.Series(["a", "b", "b", None, "a", "b", "a"])).tolist()
    [1, 2, 2, 0, 1, 2, 1]
    """
    missing = values.isna().to_numpy()
    levels = np.zeros(len(values), dtype=int)
    held = values[~missing]
    if len(held):
        found = _of_numbers(held) if _is_number(held) else _of_texts(held)
        levels[~missing] = found + 1
    return np.unique(levels, return_inverse=True)[1]


def _is_number(values):
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        return False
    return values.nunique() > _BINS


def _of_numbers(values):
    numbers = values.to_numpy(dtype=float)
    edges = np.unique(np.quantile(numbers, np.arange(1, _BINS) / _BINS))
    return np.searchsorted(edges, numbers, side="right")


def _of_texts(values):
    texts = values.map(str)
    counts = texts.value_counts()
    frequent = sorted(counts.index[counts >= _RARE][:_MOST_LEVELS])
    places = {text: place for place, text in enumerate(frequent)}
    return texts.map(lambda text: places.get(text, len(places))).to_numpy(dtype=int)
