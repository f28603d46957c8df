"""Means, medians and quantiles of columns whose rows have weights."""

import numpy as np


def weighted_mean(values, sample_weight=None):
    """Return the mean of each column, without its missing cells.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Numbers; NaN where a cell is missing.

    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows; None weights all rows alike.

    Returns
    -------
    means : ndarray of shape (n_columns,)
        0 for a column without a value.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.tabular._weighted_statistics import weighted_mean
    >>> weighted_mean(np.array([[1.0], [4.0], [np.nan]]), np.array([2.0, 1.0, 1.0]))
    array([2.])
    """
    held = ~np.isnan(values)
    weights = held if sample_weight is None else held * sample_weight[:, None]
    totals = weights.sum(axis=0, dtype=float)
    sums = np.where(held, values * weights, 0).sum(axis=0)
    return np.divide(sums, totals, out=np.zeros(values.shape[1]), where=totals > 0)


def weighted_median(values, sample_weight=None):
    """Return the median of numbers, without the missing ones.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers, of which one at least is not NaN.

    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows. Whole weights give the median of rows that are repeated as often.

    Returns
    -------
    median : float
        The mean of the two middle numbers where half of the weight lies on either side.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.tabular._weighted_statistics import weighted_median
    >>> weighted_median(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 2.0]))
    5.5
    """
    held = ~np.isnan(values)
    if sample_weight is None:
        return float(np.median(values[held]))
    order = np.argsort(values[held], kind="stable")
    ordered, cumulated = values[held][order], np.cumsum(sample_weight[held][order])
    half = cumulated[-1] / 2
    low = np.searchsorted(cumulated, half, side="left")
    high = np.searchsorted(cumulated, half, side="right")
    return float((ordered[low] + ordered[min(high, len(ordered) - 1)]) / 2)


def weighted_quantile(values, share, sample_weight=None):
    """Return the number below which a share of the weight lies, without the missing ones.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers, of which one at least is not NaN.

    share : float
        Between 0 and 1.

    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows.

    Returns
    -------
    quantile : float
        One of the numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.tabular._weighted_statistics import weighted_quantile
    >>> weighted_quantile(np.array([1.0, 2.0, 9.0]), 0.5)
    2.0
    """
    held = ~np.isnan(values)
    weights = np.ones(held.sum()) if sample_weight is None else sample_weight[held]
    order = np.argsort(values[held], kind="stable")
    cumulated = np.cumsum(weights[order])
    place = np.searchsorted(cumulated, share * cumulated[-1] * (1 - 1e-12))
    return float(values[held][order][min(place, len(order) - 1)])
