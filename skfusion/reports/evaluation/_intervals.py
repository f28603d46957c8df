"""Confidence intervals of scores: over resampled rows, and of proportions."""

import numpy as np
from scipy.stats import norm

CONFIDENCE = 0.95
_MOST, _FEWEST = 1000, 200
# Resamples of many rows are fewer, and computed in blocks of so many numbers.
_COST, _BLOCK = 100_000_000, 2_000_000


def bootstrap_intervals(statistics, n_rows, groups=None, seed=0):
    """Compute percentile intervals of several statistics, over the same resamples of the rows.

    Parameters
    ----------
    statistics : list of callable
        Functions of weights of shape (n_resamples, n_rows), as in `_weighted_metrics`.

    n_rows : int
        The number of rows.

    groups : ndarray of shape (n_rows,), default=None
        Whole groups are resampled instead of rows.

    seed : int, default=0
        The seed of the resamples.

    Returns
    -------
    intervals : ndarray of shape (n_statistics, 2)
        The low and the high end of 95 % intervals; NaN with fewer than two rows or groups.

    Notes
    -----
    The percentile bootstrap (DiCiccio and Efron, doi 10.1214/ss/1032280214), from 1000 resamples;
    fewer, at least 200, with more than 100,000 rows. A resample for which a statistic is not
    defined, as the area under the curve with one class, is left out.
    """
    codes = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_units = int(codes.max(initial=-1)) + 1
    if n_units < 2:
        return np.full((len(statistics), 2), np.nan)
    generator = np.random.default_rng(seed)
    n_resamples = int(np.clip(_COST // n_rows, _FEWEST, _MOST))
    n_each = max(1, _BLOCK // n_rows)
    blocks = []
    for first in range(0, n_resamples, n_each):
        n_block = min(n_each, n_resamples - first)
        drawn = generator.integers(n_units, size=(n_block, n_units))
        drawn += np.arange(n_block)[:, np.newaxis] * n_units
        counts = np.bincount(drawn.ravel(), minlength=n_block * n_units)
        weights = counts.reshape(n_block, n_units)[:, codes].astype(float)
        blocks.append([statistic(weights) for statistic in statistics])
    return np.array([_percentiles(values) for values in np.concatenate(blocks, axis=1)])


def wilson_interval(n_hits, n_rows):
    """Compute the 95 % interval of a proportion of independent rows.

    Parameters
    ----------
    n_hits, n_rows : int or ndarray
        The rows that count, and all rows.

    Returns
    -------
    low, high : float or ndarray
        The ends; NaN where there are no rows.

    Notes
    -----
    Wilson's score interval (doi 10.1080/01621459.1927.10502953): it is inside 0 and 1, and not of
    width 0 if all rows count.

    Examples
    --------
    >>> from skfusion.reports.evaluation._intervals import wilson_interval
    >>> [round(float(end), 3) for end in wilson_interval(10, 10)]
    [0.722, 1.0]
    """
    hits, rows = np.asarray(n_hits, dtype=float), np.asarray(n_rows, dtype=float)
    z = norm.ppf((1 + CONFIDENCE) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / rows
        center = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
        half = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    return np.clip(center - half, 0, 1), np.clip(center + half, 0, 1)


def _percentiles(values):
    values = values[~np.isnan(values)]
    tail = 50 * (1 - CONFIDENCE)
    return np.percentile(values, [tail, 100 - tail]) if len(values) else np.full(2, np.nan)
