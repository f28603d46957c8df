"""CachedFeatures: the features of some images by one extractor, cached or to be computed."""

import time

import numpy as np


class CachedFeatures:
    """The features of some images, read from a store where it has them.

    Parameters
    ----------
    store : FeatureStore or None
        None caches nothing.

    key : str
        The fingerprint of everything that the features depend on beside the image.

    digests : list of (bytes or None)
        The digest of each image; None for an image that has none. Not used without a store.

    shape : tuple (n_images, width)
        The shape of the features.

    sources : callable, default=None
        ``sources(place)`` describes an image, for the store's export.

    Attributes
    ----------
    values : ndarray of shape (n_images, width), float32
        The features; rows that are not `found` are undefined until `compute` sets them.

    found : ndarray of bool of shape (n_images,)
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
        """Set rows to ``function(inputs)`` and write them to the store."""
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
