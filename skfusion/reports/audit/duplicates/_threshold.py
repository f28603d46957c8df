"""The similarity from which two images count as copies, found from the images."""

import numpy as np

# Photographs of different things agree by less than the first. Where all images are alike, as
# silhouettes or products on white, copies have to agree by up to the last.
_LEAST, _MOST = 0.84, 0.985
_STEP, _WIDTH = 0.05, 0.35  # on Fisher's scale
_FEW, _SHARE = 2, 0.05
# An image with so many copies is one of a set whose images are all alike, not one with copies.
_MANY_COPIES = 10
# Where many images are alike, two stand out if no other one agrees nearly as well with either.
_CLEAR, _CLEAR_GAP = 0.95, 0.7


def choose_copies(agreement, pairs):
    """Return which pairs are copies: those above a threshold, and those that stand out.

    Parameters
    ----------
    agreement : ndarray of shape (n_pairs,)
        The agreement of all candidates.

    pairs : ndarray of int of shape (n_pairs, 2)
        The images of each.

    Returns
    -------
    chosen : ndarray of bool of shape (n_pairs,)
        Whether the two images are copies.
    """
    if not len(pairs):
        return np.zeros(0, dtype=bool)
    chosen = agreement >= find_threshold(agreement, pairs)
    return chosen | ((agreement >= _CLEAR) & _stands_out(agreement, pairs))


def _stands_out(agreement, pairs):
    """Return which pairs agree far better than the next best pair of either image."""
    scale = np.arctanh(np.clip(agreement, 0, 0.9999))
    images, values = pairs.T.ravel(), np.tile(scale, 2)
    order = np.lexsort((-values, images))
    next_best = np.full(len(order), -np.inf)
    same = images[order][1:] == images[order][:-1]
    next_best[:-1][same] = values[order][1:][same]
    clear = np.empty(len(order), dtype=bool)
    clear[order] = values[order] - next_best > _CLEAR_GAP
    return clear.reshape(2, -1).all(axis=0)


def find_threshold(agreement, pairs):
    """Find the agreement above which pairs are copies: the first one with a gap below it.

    Parameters
    ----------
    agreement : ndarray of shape (n_pairs,)
        The agreement of all candidates, most of which are no copies, or all are.

    pairs : ndarray of int of shape (n_pairs, 2)
        The images of each.

    Returns
    -------
    threshold : float
        From 0.84 to 0.985.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.reports.audit.duplicates._threshold import find_threshold
    >>> find_threshold(np.array([0.2, 0.3, 0.99]), np.array([[0, 1], [0, 2], [1, 2]]))
    0.84
    >>> alike = np.append(np.linspace(0.6, 0.9, 50), [0.99])
    >>> round(find_threshold(alike, np.arange(102).reshape(51, 2)), 2)
    0.94
    """
    scale = np.arctanh(np.clip(agreement, 0, 0.9999))
    level, last = np.arctanh(_LEAST), np.arctanh(_MOST)
    while level < last:
        n_above = (scale >= level).sum()
        n_below = ((scale >= level - _WIDTH) & (scale < level)).sum()
        n_copies = np.bincount(pairs[scale >= level].ravel())
        n_many = (n_copies >= _MANY_COPIES).sum()
        has_gap = n_below <= max(_FEW, _SHARE * n_above)
        if has_gap and n_many <= _SHARE * (n_copies > 0).sum():
            return float(np.tanh(level))
        level += _STEP
    return _MOST
