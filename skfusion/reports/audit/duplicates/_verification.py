"""Verify candidate pairs: align them, coarse to fine, and compare patch by patch."""

import numpy as np

from skfusion.reports.audit.duplicates._agreement import color_agreement, patch_agreement
from skfusion.reports.audit.duplicates._alignment import align, correlation
from skfusion.reports.audit.duplicates._candidates import describe_views
from skfusion.reports.audit.duplicates._sampling import normalize_locally, shrink
from skfusion.reports.audit.duplicates._starts import invert, make_starts

_STARTS = 4  # of each pair, the most promising ones
_PAIRS = 16  # at once: they fit into the cache of a processor
# Steps at each side in pixels, and the correlation that a pair needs to be looked at more closely.
_COARSE = ((16, 12, 0.2), (32, 10, 0.4))
_FINE = ((64, 6), (128, 0))
_LEAST_AGREEMENT = 0.5
_SAME_COLORS = 0.75
_LARGEST_SCALE = 2.5  # of areas


def verify(images, pairs, shown):
    """Return how far the two images of each pair agree after alignment.

    Parameters
    ----------
    images : Thumbnails
        Small copies of the images.

    pairs : ndarray of int of shape (n_pairs, 2)
        A view of the first image may be like the second one.

    shown : progress bar
        Updated by pairs.

    Returns
    -------
    agreement : ndarray of shape (n_pairs,)
        From -1 to 1; 0 for pairs that clearly differ.

    maps : ndarray of shape (n_pairs, 2, 3)
        The maps from the second image to the first.
    """
    agreement = np.zeros(len(pairs))
    maps = np.tile(make_starts()[0], (len(pairs), 1, 1))
    for first in range(0, len(pairs), _PAIRS):
        some = pairs[first : first + _PAIRS]
        kept, found, moved = _verify_some(images, some)
        agreement[first + kept], maps[first + kept] = found, moved
        shown.update(len(some))
    return agreement, maps


def _verify_some(images, pairs):
    """Return the pairs that may agree, their agreement and their maps."""
    kept = np.arange(len(pairs))
    second, first = images.gray(pairs[:, 1]), images.gray(pairs[:, 0])
    maps = _best_start(second, first)
    for side, n_steps, least in _COARSE[1:]:
        sides = [normalize_locally(shrink(some[kept], side)) for some in (second, first)]
        maps = align(*sides, maps, n_steps)
        near = (correlation(*sides, maps) > least) & _is_plausible(maps)
        kept, maps = kept[near], maps[near]
    agreement = np.full(len(kept), -1.0)
    for side, n_steps in _FINE:
        plain = [shrink(some[kept], side) for some in (second, first)]
        if n_steps:
            maps = align(*map(normalize_locally, plain), maps, n_steps)
        agreement = np.maximum(agreement, patch_agreement(*plain, maps))
        near = agreement > _LEAST_AGREEMENT
        kept, maps, agreement = kept[near], maps[near], agreement[near]
    colors = [images.color(pairs[kept, place]) for place in (1, 0)]
    agreement[color_agreement(*colors, maps) < _SAME_COLORS] = 0
    return kept, agreement, maps


def _best_start(second, first):
    """Return the maps that are best after a coarse alignment from several starts.

    Either image may be a part of the other.
    """
    starts = make_starts()
    likeness = [
        (describe_views(whole, starts) * describe_views(part, starts[:1])).sum(axis=2)
        for whole, part in ((first, second), (second, first))
    ]
    starts = np.concatenate([starts, [invert(start) for start in starts]])
    order = np.argsort(-np.concatenate(likeness), axis=0)[:_STARTS]
    side, n_steps, _ = _COARSE[0]
    sides = [normalize_locally(shrink(some, side)) for some in (second, first)]
    tried = np.array([align(*sides, starts[one], n_steps) for one in order])
    scores = np.array([correlation(*sides, maps) for maps in tried])
    return tried[scores.argmax(axis=0), np.arange(len(first))]


def _is_plausible(maps):
    """Return which maps show a fair part of one image in the other."""
    scale = np.abs(np.linalg.det(maps[:, :, :2]))
    return (scale > 1 / _LARGEST_SCALE) & (scale < _LARGEST_SCALE)
