"""Pairs of images whose embeddings are near."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from skfusion.embedding._pretrained_gap import PretrainedGAP
from skfusion.exceptions import UnreadableImageWarning
from skfusion.inspection._image_sources import find_parts

_NEIGHBORS = 5
_LARGEST_DISTANCE = 0.2  # 1 minus the cosine


def embedding_neighbors(estimator, rows, images):
    """Find images with near features of the estimator's own pretrained network.

    Parameters
    ----------
    estimator : estimator
        The estimator. Features in the cache of its `PretrainedGAP` are used.

    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    Returns
    -------
    pairs : ndarray of int of shape (n_pairs, 2) or None
        Places of thumbnails; None if the estimator has no `PretrainedGAP`.
    """
    parts = find_parts(estimator, PretrainedGAP)
    if not parts:
        return None
    features, places = [], []
    for name in rows.image_columns:
        own = images.of_column(name)["place"].to_numpy(int)
        values = _embed(parts[0], rows.table[[name]])
        held = (own >= 0) & ~np.isnan(values).any(axis=1)
        features.append(values[held])
        places.append(own[held])
    features, places = np.concatenate(features), np.concatenate(places)
    places, first = np.unique(places, return_index=True)
    if len(places) < 2:
        return None
    n_neighbors = min(_NEIGHBORS + 1, len(places))
    search = NearestNeighbors(n_neighbors=n_neighbors, metric="cosine").fit(features[first])
    distances, neighbors = search.kneighbors(features[first])
    lines, order = np.nonzero(distances <= _LARGEST_DISTANCE)
    pairs = np.column_stack([places[lines], places[neighbors[lines, order]]])
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _embed(transformer, column):
    """Return the features of a column of images; NaN where there is no image."""
    own = clone(transformer).set_params(missing="nan", corrupt="missing")
    own.set_output(transform="default")
    with warnings.catch_warnings():  # the audit reports them itself
        warnings.simplefilter("ignore", UnreadableImageWarning)
        return np.asarray(own.fit_transform(column), dtype=float)
