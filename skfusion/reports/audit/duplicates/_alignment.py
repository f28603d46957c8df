"""Align pairs of small images by an affine map, many pairs at once."""

import numpy as np

from skfusion.reports.audit.duplicates._sampling import grid, sample

# Differences beyond so many standard deviations count as this: a patch that only one image has
# should not move the others.
_MOST = 2.5
_LONGEST_STEP = 0.2
_RIDGE = 1e-2


def align(templates, images, maps, n_steps):
    """Find the map of each template's coordinates to those of its image.

    Parameters
    ----------
    templates, images : ndarray of shape (n, side, side)
        The pairs.

    maps : ndarray of shape (n, 2, 3)
        Where to start.

    n_steps : int
        The number of steps.

    Returns
    -------
    maps : ndarray of shape (n, 2, 3)
        The maps; where a start has the higher correlation, it is kept.

    Notes
    -----
    The inverse compositional algorithm (Baker and Matthews, doi 10.1023/B:VISI.0000011205.11775.fd)
    for affine maps, with normalized brightness and contrast.
    """
    n, side, _ = templates.shape
    starts, places = maps, grid(side)
    flat = templates.reshape(n, side**2)
    spread = flat.std(axis=1, keepdims=True) + 1e-3
    target = (flat - flat.mean(axis=1, keepdims=True)) / spread
    slopes = _steepest(templates / spread[:, :, np.newaxis], places)
    ridge = _RIDGE * side * np.eye(6, dtype=np.float32)
    for _ in range(n_steps):
        values, inside = sample(images, maps @ places)
        error = np.clip(_standardize(values, inside) - target, -_MOST, _MOST) * inside
        weighted = slopes * inside[:, np.newaxis]
        hessian = weighted @ slopes.transpose(0, 2, 1) + ridge
        step = np.linalg.solve(hessian, weighted @ error[:, :, np.newaxis])[:, :, 0]
        maps = _compose(maps, np.clip(step, -_LONGEST_STEP, _LONGEST_STEP))
    before, after = (correlation(templates, images, some) for some in (starts, maps))
    return np.where((after > before)[:, np.newaxis, np.newaxis], maps, starts)


def correlation(templates, images, maps):
    """Return the correlation of each template with its image under a map."""
    n, side, _ = templates.shape
    values, inside = sample(images, maps @ grid(side))
    weights = inside.astype(np.float32)
    product = _standardize(values, inside) * _standardize(templates.reshape(n, side**2), inside)
    return (product * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)


def _steepest(templates, places):
    """Return the change of each pixel by each of the six numbers of a map."""
    n, side, _ = templates.shape
    down, right = np.gradient(templates, 2 / side, axis=(1, 2))
    down, right = (some.reshape(n, 1, side**2) for some in (down, right))
    return np.concatenate([right * places, down * places], axis=1)


def _standardize(values, inside):
    weights = inside.astype(np.float32)
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1)
    centered = values - (values * weights).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((centered**2 * weights).sum(axis=1, keepdims=True) / total)
    return centered / (spread + 1e-3)


def _compose(maps, step):
    """Return each map after the inverse of a small one."""
    n = len(maps)
    small = np.tile(np.eye(3, dtype=np.float32), (n, 1, 1))
    small[:, :2] += step.reshape(n, 2, 3)
    last = np.broadcast_to(np.array([[[0, 0, 1]]], dtype=np.float32), (n, 1, 3))
    whole = np.concatenate([maps, last], axis=1) @ np.linalg.inv(small)
    return whole[:, :2].astype(np.float32)
