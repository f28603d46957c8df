"""The effect of each cell of an image, from predictions with random sets of hidden blocks."""

import numpy as np

from skfusion.inspection._random_blocks import block_side

# Effects are alike over this part of the longer side; the variance of chance is this part of that
# of the effects.
_LENGTH, _NOISE = 0.11, 0.7
# Effects that this share of shuffled predictions don't reach are more than chance.
_SHUFFLES, _CONFIDENCE = 100, 0.95
# Below this part of the largest effect within a block, an effect is mostly blur.
_BLUR = 0.7
_STEEPNESS = 8


def block_effects(hidden, predictions, generator):
    """Estimate by how much each cell raises the prediction.

    Parameters
    ----------
    hidden : ndarray of shape (n, n_down, n_across)
        Which cells were hidden.

    predictions : ndarray of shape (n,)
        The predictions.

    generator : Generator
        Shuffles the predictions.

    Returns
    -------
    effects : ndarray of shape (n_down, n_across)
        By how much the prediction falls if a block of such cells is hidden. Effects that chance
        or blur explains are much smaller than they were, in the same order.

    Notes
    -----
    The effects of hidden cells are assumed to add up and to vary smoothly: they are the mean of
    a Gaussian process (Rasmussen and Williams, ISBN 026218253X, chapter 2). Shuffled predictions
    show how large the largest effect is by chance alone.
    """
    grid = hidden.shape[1:]
    if len(hidden) < 2:
        return np.zeros(grid)
    rows = hidden.reshape(len(hidden), -1).astype(np.float64)
    rows, changes = rows - rows.mean(axis=0), predictions.mean() - predictions
    solve = _estimator(rows, grid)
    effects = solve @ changes
    fitted = rows @ effects
    if not fitted.any():
        return np.zeros(grid)
    shuffled = [np.abs(solve @ generator.permutation(changes)).max() for _ in range(_SHUFFLES)]
    chance = np.quantile(shuffled, _CONFIDENCE)
    sizes = np.abs(effects).reshape(grid)
    kept = _weaken(effects.reshape(grid), np.maximum(chance, _BLUR * _largest_near(sizes)))
    # Means are drawn to 0, and weak effects more so: they are scaled to fit the predictions.
    if sizes.max() > chance:
        fitted = rows @ kept.ravel()
    scale = (fitted @ changes) / (fitted @ fitted)
    return scale * block_side(grid) ** 2 * kept


def _estimator(rows, grid):
    """Return the matrix from predictions to the mean effects of a Gaussian process."""
    places = np.stack(np.mgrid[: grid[0], : grid[1]], axis=-1).reshape(-1, 2)
    distances = ((places[:, np.newaxis] - places) ** 2).sum(axis=-1)
    covariance = np.exp(-distances / (2 * (_LENGTH * max(grid)) ** 2))
    shared = rows @ covariance
    between = shared @ rows.T
    noise = _NOISE * np.trace(between) / len(rows) or 1.0  # nothing differs between rows
    return np.linalg.solve(between + noise * np.eye(len(rows)), shared).T


def _largest_near(sizes):
    """Return the largest size within a block of each cell."""
    reach = block_side(sizes.shape)
    for axis in (0, 1):
        padded = np.pad(sizes, [(reach, reach) if axis == i else (0, 0) for i in (0, 1)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        sizes = windows.max(axis=-1)
    return sizes


def _weaken(effects, limit):
    """Return effects of which those below a limit are much smaller."""
    ratio = np.minimum(np.abs(effects) / np.maximum(limit, np.finfo(float).tiny), 100)
    ratio **= _STEEPNESS
    return effects * ratio / (ratio + 1)
