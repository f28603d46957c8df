"""StoredRows: the features of some pictures by one extractor, known or still to be computed."""

import time
from hashlib import blake2b

import numpy as np


class StoredRows:
    """One row of features for each of some pictures, filled from a store as far as it goes.

    Parameters
    ----------
    store : FeatureStore or None
        None knows nothing and keeps nothing.

    key : str
        The fingerprint of what makes the features.

    digests : list of (bytes or None)
        The digest of each picture; None for a picture that has none. Not used without a store.

    shape : tuple (n_pictures, width)
        The shape of the features.

    sources : callable, default=None
        ``sources(place)`` describes a picture, for the store's export.

    Attributes
    ----------
    values : ndarray of shape (n_pictures, width), float32
        The features; rows that are not `found` are undefined until they are put.

    found : ndarray of bool of shape (n_pictures,)
        Which rows came from the store.
    """

    def __init__(self, store, key, digests, shape, sources=None):
        self.store = store
        self.key = key
        self.digests = digests
        self.sources = sources
        self.values = np.empty(shape, dtype=np.float32)
        self.found = np.zeros(shape[0], dtype=bool)
        if store is None:
            return
        if shape[0]:
            self.values, self.found = store.read(key, digests, shape[1])

    def compute(self, places, function, inputs):
        """Fill rows with ``function(inputs)``, and keep them."""
        started = time.perf_counter()
        rows = function(inputs)
        seconds = time.perf_counter() - started
        self.values[places] = rows
        if self.store is None:
            return
        by_place = dict(zip(places, rows, strict=True))
        kept = self._with_digest(places)
        if kept:
            self.store.write(
                self.key,
                [self.digests[place] for place in kept],
                np.stack([by_place[place] for place in kept]),
                [self.sources(place) if self.sources else "" for place in kept],
                seconds=seconds,
            )

    def _with_digest(self, places):
        return [place for place in places if self.digests[place] is not None]


def digest_text(*parts):
    """A short digest of values whose `repr` tells all about them."""
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
