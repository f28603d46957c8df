"""Weights by which predictions are averaged: none negative, summing to one."""

import numpy as np
from scipy.optimize import nnls

_STEPS, _TOLERANCE = 500, 1e-5
# How strictly non-negative least squares keeps the sum at one, in units of the data.
_SUM = 1e3


def pool_weights(losses, likelihoods=None, residuals=None, *, shrinkage, sample_weight=None):
    """Return weights of models, fitted on predictions for rows that they have not seen.

    Parameters
    ----------
    losses : ndarray of shape (n_models,)
        Each model's mean loss. The weights are shrunk towards the best model alone.

    likelihoods : ndarray of shape (n_rows, n_models), default=None
        For classifiers: the probability of each row's class.

    residuals : ndarray of shape (n_rows, n_models), default=None
        For regressors: prediction minus target.

    shrinkage : float
        How many rows the shrinkage counts as.

    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows.

    Returns
    -------
    weights : ndarray of shape (n_models,)
        Those with the least log loss, or squared error, of the averaged prediction, plus the
        shrinkage.

    Notes
    -----
    For classifiers this is the linear opinion pool with maximum likelihood weights, found by
    expectation and maximization, with a Dirichlet prior; see Ranjan and Gneiting (doi
    10.1111/j.1467-9868.2009.00726.x). For regressors it is stacking with weights on the simplex,
    after Breiman (doi 10.1007/BF00117832).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._pool_weights import pool_weights
    >>> likelihoods = np.array([[0.9, 0.5], [0.8, 0.5], [0.9, 0.5], [0.1, 0.5]])
    >>> weights = pool_weights(-np.log(likelihoods).mean(axis=0), likelihoods, shrinkage=0)
    >>> bool(weights.sum() == 1 and weights[0] > weights[1] > 0)
    True
    """
    best = np.eye(len(losses))[np.argmin(losses)]
    if len(losses) == 1:
        return best
    values = residuals if likelihoods is None else likelihoods
    sample_weight = np.ones(len(values)) if sample_weight is None else sample_weight
    if likelihoods is not None:
        return _mixture_weights(likelihoods, sample_weight[:, None], shrinkage * best)
    return _least_squares_weights(residuals, sample_weight[:, None], best, shrinkage)


def _mixture_weights(likelihoods, sample_weight, prior):
    n_models = likelihoods.shape[1]
    weights = np.full(n_models, 1 / n_models)
    for _ in range(_STEPS):
        shares = weights * likelihoods
        shares /= shares.sum(axis=1, keepdims=True)
        counts = (sample_weight * shares).sum(axis=0)
        updated = (counts + prior) / (sample_weight.sum() + prior.sum())
        moved = np.abs(updated - weights).max()
        weights = updated
        if moved < _TOLERANCE:
            break
    return weights / weights.sum()


def _least_squares_weights(residuals, sample_weight, best, shrinkage):
    # With weights that sum to one, the average's residual is the average of the residuals.
    n_rows, n_models = sample_weight.sum(), len(best)
    scale = np.sqrt((sample_weight * residuals**2).sum() / (n_rows * n_models)) or 1.0
    pull = np.sqrt(shrinkage) * np.eye(n_models)
    weighted = np.sqrt(sample_weight) * residuals / scale
    rows = np.vstack([weighted, pull, np.full((1, n_models), _SUM * n_rows)])
    aims = np.concatenate([np.zeros(len(residuals)), pull @ best, [_SUM * n_rows]])
    weights, _ = nnls(rows, aims, maxiter=100 * n_models)
    return weights / weights.sum()
