"""The evidence that the predictions of a source depend on the target."""

import numpy as np

from skfusion.fusion._row_losses import LOWEST_PROBABILITY


def find_evidence(prediction, y, weights, groups=None):
    """Return how surely predictions are better than chance, in standard errors.

    Parameters
    ----------
    prediction : ndarray of shape (n_rows,) or (n_rows, n_classes)
        Predictions for rows that the models had not seen.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    weights : ndarray of shape (n_rows,)
        Weights of the rows.

    groups : ndarray of shape (n_rows,), default=None
        Rows of one group are not independent.

    Returns
    -------
    evidence : float
        Around 0, with a standard deviation of about 1, if predictions and target are independent.
        It is the same for probabilities that are sharpened or flattened: those of few rows are
        often too sure, and their loss is then above that of a constant though they hold
        information.

    Notes
    -----
    For numbers, this tests the covariance. For classes, it tests by how much the logarithm of
    the probability is higher for a row's class than for a class drawn at random: the score test
    of a logistic regression on these logarithms (Rao, doi 10.1017/S0305004100023987).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._source_evidence import find_evidence
    >>> y, noise = np.arange(50.0), np.random.default_rng(0).normal(size=50)
    >>> find_evidence(y + noise, y, np.ones(50)) > 5 > abs(find_evidence(noise, y, np.ones(50)))
    True
    """
    if prediction.ndim == 2:
        logs = np.log(np.maximum(prediction, LOWEST_PROBABILITY))
        shares = np.bincount(y, weights=weights, minlength=prediction.shape[1]) / weights.sum()
        values = logs[np.arange(len(y)), y] - logs @ shares
    else:
        values = _centered(prediction, weights) * _centered(y, weights)
    squares = weights * _centered(values, weights) ** 2
    if groups is not None:
        _, numbers = np.unique(groups, return_inverse=True)
        squares = np.bincount(numbers, weights=weights * _centered(values, weights)) ** 2
    return float(weights @ values / np.sqrt(squares.sum() + np.finfo(float).tiny))


def _centered(values, weights):
    return values - np.average(values, weights=weights)
