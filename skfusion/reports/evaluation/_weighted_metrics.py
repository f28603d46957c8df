"""Metrics as functions of row weights, so that many resamples are computed at once.

Each function takes values of the rows and returns a statistic: a function of weights of shape
(n_resamples, n_rows) that returns n_resamples numbers. With weights of 1, a statistic equals
scikit-learn's metric of the same name. NaN marks resamples for which it is not defined.
"""

import numpy as np

# The smallest probability in a log loss, as in scikit-learn.
_SMALLEST = np.finfo(np.float64).eps


def weighted_mean(values, among=None):
    """Return the statistic of a mean, of all rows or of those in a mask."""
    base = np.ones(len(values)) if among is None else among.astype(float)
    kept = np.where(base > 0, values, 0.0)

    def statistic(weights):
        return _divide(weights @ kept, weights @ base)

    return statistic


def root_mean_square(values):
    """Return the statistic of a root mean squared error."""
    mean = weighted_mean(values**2)
    return lambda weights: np.sqrt(mean(weights))


def log_loss(probabilities, codes):
    """Return the statistic of the log loss, in nats per row."""
    own = probabilities[np.arange(len(codes)), codes]
    return weighted_mean(-np.log(np.clip(own, _SMALLEST, 1 - _SMALLEST)))


def brier_score(probabilities, codes):
    """Return the statistic of the Brier score, of the positive class where there are two."""
    hot = np.eye(probabilities.shape[1])[codes]
    squares = (probabilities - hot) ** 2
    return weighted_mean(squares[:, 1] if squares.shape[1] == 2 else squares.sum(axis=1))


def balanced_accuracy(is_right, codes, n_classes):
    """Return the statistic of the mean recall of the classes that have rows."""
    hot = np.eye(n_classes)[codes]
    right = hot * is_right[:, np.newaxis]

    def statistic(weights):
        return _mean_of_defined(_divide(weights @ right, weights @ hot))

    return statistic


def roc_auc(ranking, codes):
    """Return the statistic of the area under the ROC curve, the mean over classes if several."""
    if ranking.shape[1] == 2:
        return _binary_auc(ranking[:, 1], codes == 1)
    parts = [_binary_auc(values, codes == code) for code, values in enumerate(ranking.T)]
    return lambda weights: np.mean([part(weights) for part in parts], axis=0)


def average_precision(ranking, is_positive):
    """Return the statistic of the average precision."""
    order, starts = _find_ties(-ranking)
    positive = is_positive[order].astype(float)

    def statistic(weights):
        weights = weights[:, order]
        hits = np.add.reduceat(weights * positive, starts, axis=1)
        rows = np.add.reduceat(weights, starts, axis=1)
        precision = _divide(np.cumsum(hits, axis=1), np.cumsum(rows, axis=1))
        return _divide((np.nan_to_num(precision) * hits).sum(axis=1), hits.sum(axis=1))

    return statistic


def r_squared(y, predicted):
    """Return the statistic of the coefficient of determination."""
    centered, errors = y - y.mean(), (y - predicted) ** 2

    def statistic(weights):
        squares = weights @ centered**2
        spread = squares - _divide((weights @ centered) ** 2, weights.sum(axis=1))
        # Rounding leaves a little where one row was drawn again and again.
        return 1 - _divide(weights @ errors, np.where(spread > 1e-12 * squares, spread, 0))

    return statistic


def weighted_median(values):
    """Return the statistic of a median."""
    order = np.argsort(values, kind="stable")
    values = values[order]

    def statistic(weights):
        reached = np.cumsum(weights[:, order], axis=1)
        half = reached[:, -1:] / 2
        low, high = (reached >= half).argmax(axis=1), (reached > half).argmax(axis=1)
        return (values[low] + values[high]) / 2

    return statistic


def _binary_auc(values, is_positive):
    """Return the statistic of the share of pairs that are ranked right; ties count a half."""
    order, starts = _find_ties(values)
    positive = is_positive[order].astype(float)

    def statistic(weights):
        weights = weights[:, order]
        hits = np.add.reduceat(weights * positive, starts, axis=1)
        others = np.add.reduceat(weights * (1 - positive), starts, axis=1)
        below = np.cumsum(others, axis=1) - others / 2
        return _divide((hits * below).sum(axis=1), hits.sum(axis=1) * others.sum(axis=1))

    return statistic


def _find_ties(values):
    """Return the order of rising values, and where each distinct value starts in it."""
    order = np.argsort(values, kind="stable")
    return order, np.flatnonzero(np.diff(values[order], prepend=np.nan) != 0)


def _divide(numbers, by):
    """Return quotients; NaN where they are not defined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(by > 0, numbers / by, np.nan)


def _mean_of_defined(values):
    defined = ~np.isnan(values)
    return _divide(np.where(defined, values, 0).sum(axis=1), defined.sum(axis=1))
