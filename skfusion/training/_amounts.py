"""Targets that look like amounts, though they are whole numbers."""

import warnings

import numpy as np

from skfusion._utils.messages import caller_stacklevel

# Whole numbers of at most so many values are classes.
_FEW = 20
# Codes of classes have at least as many rows each.
_ROWS_OF_A_CODE = 5


def look_like_amounts(y):
    """Return whether whole numbers look like amounts, such as prices, rather than classes.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Targets.

    Returns
    -------
    amounts : bool
        True for more than 20 distinct whole numbers, unless they count classes from 0 or 1 on,
        with five rows or more each on average.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._amounts import look_like_amounts
    >>> look_like_amounts(np.arange(60) * 1000 + 90_000)
    True
    >>> look_like_amounts(np.arange(500) % 99)
    False
    """
    if y.size != len(y) or y.dtype.kind not in "iuf":
        return False
    values = np.unique(y)
    if len(values) <= _FEW or (values != np.round(values)).any():
        return False
    are_codes = values[0] in (0, 1) and values[-1] - values[0] == len(values) - 1
    return not (are_codes and len(y) >= _ROWS_OF_A_CODE * len(values))


def warn_of_amounts(y):
    """Warn that whole numbers which look like amounts are used as classes."""
    warnings.warn(
        f"y holds {len(np.unique(y))} distinct whole numbers in {len(y)} rows, which task='auto' "
        "takes for classes. Pass task='regression' if they are amounts, such as prices or counts, "
        "and task='classification' if they are classes.",
        UserWarning,
        stacklevel=caller_stacklevel(),
    )
