"""The agreement of two aligned images, patch by patch."""

import numpy as np

from skfusion.reports.audit.duplicates._sampling import grid, sample

_PATCHES = 8  # along each side
_FLAT = 4.0  # gray levels
_QUANTILE = 0.25


def patch_agreement(templates, images, maps):
    """Return the correlation that three quarters of the patches exceed.

    Different images of one kind, such as slices of two brains, agree on the whole, but not in each
    patch. Altered copies agree in nearly all.

    Parameters
    ----------
    templates, images : ndarray of shape (n, side, side)
        The pairs, in gray levels.

    maps : ndarray of shape (n, 2, 3)
        The maps from template to image.

    Returns
    -------
    agreement : ndarray of shape (n,)
        From -1 to 1. Patches count by their contrast; flat ones, and those that lie outside of
        the image, do not count.
    """
    n, side, _ = templates.shape
    values, inside = sample(images, maps @ grid(side))
    own, other = (_in_patches(some, n, side) for some in (templates, values))
    whole = _in_patches(inside, n, side).all(axis=2)
    own, other = (some - some.mean(axis=2, keepdims=True) for some in (own, other))
    contrasts = [np.sqrt((some**2).mean(axis=2)) for some in (own, other)]
    strength = np.sqrt(contrasts[0] * contrasts[1])
    correlations = (own * other).mean(axis=2) / np.maximum(strength**2, 1e-6)
    weights = np.where(whole & (np.maximum(*contrasts) > _FLAT), strength, 0)
    return _weighted_quantile(correlations, weights)


def color_agreement(colors, others, maps):
    """Return how far the colors of two images agree: 1 where one of them is gray."""
    side = colors.shape[1]
    places = maps @ grid(side)
    own = _chroma(colors.reshape(len(colors), side**2, 3).astype(np.float32))
    channels = [sample(others[..., i].astype(np.float32), places)[0] for i in range(3)]
    moved = _chroma(np.stack(channels, axis=2))
    size, other = (np.sqrt((some**2).mean(axis=(1, 2))) for some in (own, moved))
    cosine = (own * moved).mean(axis=(1, 2)) / np.maximum(size * other, 1e-6)
    return np.where(np.minimum(size, other) > 0.02, cosine, 1.0)


def _in_patches(values, n, side):
    step = side // _PATCHES
    blocks = values.reshape(n, _PATCHES, step, _PATCHES, step)
    return blocks.transpose(0, 1, 3, 2, 4).reshape(n, _PATCHES**2, step**2)


def _weighted_quantile(values, weights):
    order = np.argsort(values, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    total = reached[:, -1:]
    place = (reached >= _QUANTILE * total).argmax(axis=1)
    found = np.take_along_axis(values, order, axis=1)[np.arange(len(values)), place]
    return np.where(total[:, 0] > 1e-6, found, 0.0)


def _chroma(colors):
    gray = colors.mean(axis=2, keepdims=True)
    return (colors - gray) / (gray + 16)
