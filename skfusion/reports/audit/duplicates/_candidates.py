"""Find the pairs of images that may show the same, by 64 gray values of each."""

import numpy as np
from scipy.ndimage import gaussian_filter

from skfusion._utils.prefetch import split
from skfusion.reports.audit.duplicates._sampling import grid, sample, shrink
from skfusion.reports.audit.duplicates._starts import make_starts

_SIDE = 8
_NEIGHBORS = 10
_LEAST = 0.7  # the correlation of 64 values; copies have more
# Up to so many images, all pairs are compared: no neighbor is missed.
EXACT = 20_000
_PART, _BLOCK = 512, 4_000_000  # images, and correlations, at once


def describe_views(thumbnails, starts):
    """Return 64 values of each view of each image, normalized.

    Parameters
    ----------
    thumbnails : ndarray of shape (n, side, side)
        Gray images.

    starts : ndarray of shape (n_views, 2, 3)
        The views.

    Returns
    -------
    values : ndarray of float32 of shape (n_views, n, 64)
        The product of two is a correlation. Flat images have 0.
    """
    smooth = gaussian_filter(shrink(thumbnails, 4 * _SIDE), (0, 1.6, 1.6))
    views = []
    for start in starts:
        places = np.broadcast_to(start @ grid(_SIDE), (len(smooth), 2, _SIDE**2))
        values = sample(smooth, places)[0]
        values = values - values.mean(axis=1, keepdims=True)
        size = np.linalg.norm(values, axis=1, keepdims=True)
        views.append(np.where(size > _SIDE, values / np.maximum(size, 1e-3), 0))
    return np.array(views, dtype=np.float32)


def find_candidates(images, shown):
    """Find the images that are most alike to each image, or to a view of it.

    Parameters
    ----------
    images : Thumbnails
        Small copies of the images.

    shown : progress bar
        Updated by images.

    Returns
    -------
    pairs : ndarray of int of shape (n_pairs, 2)
        Image and neighbor: a view of the first is like the whole of the second. Each two images
        are one pair, in the order in which they are more alike.
    """
    starts = make_starts()
    parts = split(np.arange(len(images)), _PART)
    whole = np.concatenate([describe_views(images.gray(part), starts[:1])[0] for part in parts])
    index = None if len(whole) <= EXACT else _make_index(whole)
    found = []
    for part in split(np.arange(len(images)), max(1, min(_PART, _BLOCK // len(whole)))):
        views = describe_views(images.gray(part), starts)
        if index is None:
            found.append(_search_exactly(views, whole, part[0]))
        else:
            found.append(_search_index(views, index, part[0]))
        shown.update(len(part))
    likeness, pairs = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return _both_orders_as_one(pairs, likeness, len(whole))


def _both_orders_as_one(pairs, likeness, n_images):
    """Return the distinct pairs, each in the order that is more alike."""
    order = np.argsort(-likeness, kind="stable")
    low, high = pairs[order].min(axis=1), pairs[order].max(axis=1)
    places = np.unique(low * n_images + high, return_index=True)[1]
    return pairs[order[places]]


def _search_exactly(views, whole, first):
    best = np.full((views.shape[1], len(whole)), -1, dtype=np.float32)
    for view in views:
        np.maximum(best, view @ whole.T, out=best)
    own = np.arange(len(best))
    best[own, first + own] = -1
    n_kept = min(_NEIGHBORS, len(whole))
    nearest = np.argpartition(-best, n_kept - 1, axis=1)[:, :n_kept]
    likeness = np.take_along_axis(best, nearest, axis=1)
    rows, places = np.nonzero(likeness > _LEAST)
    return likeness[rows, places], np.column_stack([first + rows, nearest[rows, places]])


def _make_index(whole):
    """Return an index of approximate neighbors; None where usearch is not installed."""
    try:
        from usearch.index import Index
    except ImportError:
        return None
    index = Index(ndim=whole.shape[1], metric="ip", dtype="f32")
    index.add(np.arange(len(whole)), whole)
    return index


def _search_index(views, index, first):
    likeness, found = [], []
    for view in views:
        matches = index.search(view, _NEIGHBORS + 1)
        keys = np.asarray(matches.keys, dtype=np.int64)
        rows = np.repeat(np.arange(len(view)) + first, keys.shape[1]).reshape(keys.shape)
        alike = 1 - np.asarray(matches.distances)
        near = (alike > _LEAST) & (keys != rows)
        likeness.append(alike[near])
        found.append(np.column_stack([rows[near], keys[near]]))
    return np.concatenate(likeness), np.concatenate(found)
