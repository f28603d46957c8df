"""Weights of rows: check those of the user, and weight sums over rows."""

import numpy as np
from sklearn.utils.validation import _check_sample_weight


def check_row_weights(sample_weight, n_rows):
    """Return the weights of rows as an array of floats, or None.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,) or None
        The weights as a user passes them.

    n_rows : int
        The number of rows.

    Examples
    --------
    >>> from skfusion.extraction._row_weights import check_row_weights
    >>> check_row_weights([1, 2], 2)
    array([1., 2.])
    """
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, np.empty((n_rows, 1)))
    if (weights < 0).any():
        raise ValueError("sample_weight holds negative numbers; weights must be 0 or more.")
    return weights


def weighted_sum(lines, rows, weights):
    """Return the weighted sum of the lines of rows, and the sum of their weights.

    Parameters
    ----------
    lines : ndarray of shape (n_lines, width)
        Features of some rows.

    rows : ndarray of int of shape (n_lines,)
        The rows that they belong to.

    weights : ndarray of shape (n_rows,) or None
        The weights of all rows; None weights all rows alike.
    """
    if weights is None:
        return lines.sum(axis=0, dtype=np.float64), len(lines)
    some = weights[rows].astype(np.float64)
    return some @ lines.astype(np.float64), some.sum()
