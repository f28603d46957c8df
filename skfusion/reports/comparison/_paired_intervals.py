"""Intervals of means over splits, which share training rows."""

import itertools

import numpy as np
import pandas as pd
from scipy.stats import t

CONFIDENCE = 0.95
_NOISE = 1e-12  # smaller differences are those of rounding


def corrected_interval(values, test_ratio, least_deviation=0.0):
    """Return the mean over splits, its interval, and the p-value of a mean of 0.

    Parameters
    ----------
    values : ndarray of shape (n_splits,)
        One value a split.

    test_ratio : float
        How many rows are tested for each row that is fitted on.

    least_deviation : float, default=0.0
        The standard deviation where all values are the same, but not 0.

    Returns
    -------
    mean, low, high, p_value : float
        NaN but for the mean with one split.

    Notes
    -----
    The variance of the mean is multiplied by ``1 + n_splits * test_ratio``: splits share training
    rows (Nadeau and Bengio, doi 10.1023/A:1024068626366). For repeated folds, see Bouckaert and
    Frank (doi 10.1007/978-3-540-24775-3_3).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.reports.comparison._paired_intervals import corrected_interval
    >>> differences = np.array([0.02, 0.05, 0.01, 0.04, 0.03])
    >>> [round(float(number), 3) for number in corrected_interval(differences, 1 / 4)]
    [0.03, 0.001, 0.059, 0.047]
    """
    n_splits, mean = len(values), float(np.mean(values))
    if n_splits < 2:
        return mean, np.nan, np.nan, np.nan
    deviation = float(np.std(values, ddof=1))
    if deviation < _NOISE:
        if abs(mean) < _NOISE:
            return 0.0, 0.0, 0.0, 1.0
        deviation = least_deviation
    error = deviation * np.sqrt(1 / n_splits + test_ratio)
    margin = error * t.ppf((1 + CONFIDENCE) / 2, n_splits - 1)
    p_value = 2 * t.sf(abs(mean) / error, n_splits - 1) if error else 0.0
    return mean, mean - margin, mean + margin, float(p_value)


def all_differences(scores, splits):
    """Compare each estimator with each other one, on the same splits.

    Parameters
    ----------
    scores : DataFrame of shape (n_splits, n_estimators)
        The scores, higher is better.

    splits : list of tuple (train, test)
        Their rows.

    Returns
    -------
    differences : DataFrame
        Indexed by `first` and `second`: the mean `difference` of the scores, first minus second,
        the ends `low` and `high` of its interval, and the `p_value`.
    """
    ratio = rows_ratio(splits)
    n_test = float(np.mean([len(test) for _, test in splits]))
    pairs = list(itertools.permutations(scores.columns, 2))
    lines = [
        corrected_interval((scores[first] - scores[second]).to_numpy(), ratio, 1 / n_test)
        for first, second in pairs
    ]
    index = pd.MultiIndex.from_tuples(pairs, names=["first", "second"])
    return pd.DataFrame(lines, index, columns=["difference", "low", "high", "p_value"])


def rows_ratio(splits):
    """Return how many rows are tested for each row that is fitted on, on average."""
    return float(np.mean([len(test) / len(train) for train, test in splits]))
