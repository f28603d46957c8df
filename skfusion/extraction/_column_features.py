"""ColumnFeatures: the features of the distinct images of one column, from a store or computed."""

from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from skfusion._utils.progress import log, progress_bar
from skfusion.extraction._cached_features import CachedFeatures
from skfusion.extraction._image_loader import ImageLoader
from skfusion.extraction._verified_digests import VerifiedDigests


class Seen(NamedTuple):
    """Which image is at hand.

    Attributes
    ----------
    place : int
        Of the distinct image in its column.

    number : int
        Of the image among those that are read together.

    digests : VerifiedDigests or None
        What a store knows these by, in the order of the numbers.
    """

    place: int
    number: int
    digests: VerifiedDigests | None


class ColumnFeatures:
    """Reads the distinct images of one column and computes their features.

    Parameters
    ----------
    column : ImageColumn
        The images.

    reader : ImageReader
        How cells become pixels.

    options : dict
        What `read` is told beside the cell: the value that is white, and the size wanted.

    prepare : callable
        ``prepare(seen, pixels)`` brings one image's pixels into the form of a batch; `seen` (a
        `Seen`) says which image it is.

    batch_size : int
        How many images are read by one task.

    store : FeatureStore or None
        Where features are looked up and kept.

    make_digests : callable
        ``make_digests(store, column, places, where)`` gives what the store knows some images by.

    store_key : callable
        From the fingerprint of an extractor to the key of its rows in the store.

    tolerant : bool
        Whether work goes on when an image can't be read. Else the others are only looked at, so
        that all that is wrong can be told at once.

    title : str
        What progress bars are called.

    verbose : int
        0 shows nothing.
    """

    def __init__(
        self,
        column,
        reader,
        options,
        prepare,
        *,
        batch_size,
        store,
        make_digests,
        store_key,
        tolerant,
        title,
        verbose,
    ):
        self.column = column
        self.reader = reader
        self.options = options
        self.prepare = prepare
        self.batch_size = batch_size
        self.store = store
        self.make_digests = make_digests
        self.store_key = store_key
        self.tolerant = tolerant
        self.title = title
        self.verbose = verbose
        self._keys = {}  # it may take a look at all cells to find one

    def compute(self, extractors, places=None, *, only_look=False, shown=None):
        """The features of distinct images.

        Parameters
        ----------
        extractors : list of Extractor
            Whose columns stand side by side.

        places : ndarray of int, default=None
            Which images; None is all of them.

        only_look : bool, default=False
            Whether to do no more than find out what can't be read.

        shown : progress bar, default=None
            Told of each image; None makes one.

        Returns
        -------
        features : ndarray of shape (n_places, width), float32
            Undefined for images that can't be read.

        failures : list of tuple (int, str)
            Place and reason of each of these.
        """
        places = np.arange(len(self.column.first)) if places is None else places
        reading = self.reading(places)
        rows = [self._stored_rows(extractor, reading, places) for extractor in extractors]
        wanted = np.flatnonzero(~np.all([some.found for some in rows], axis=0))
        self._tell_found(len(places) - len(wanted), shown)

        def prepare(some_places, images):
            return [
                None if only_look or some.found[some_places].all() else extractor.prepare(images)
                for some, extractor in zip(rows, extractors, strict=True)
            ]

        def keep(some_places, batch):
            for some, extractor, inputs in zip(rows, extractors, batch, strict=True):
                if inputs is not None:
                    some.compute(some_places, extractor.compute, inputs)

        self.read(reading, wanted, prepare, keep, shown)
        if self.store is not None:
            self.store.flush()
        values = [some.values for some in rows]
        features = values[0] if len(values) == 1 else np.hstack(values)
        return features, [(int(places[place]), reason) for place, reason in reading.failures]

    def reading(self, places):
        """What reads some of the distinct images."""
        cells = [self.column.cells[cell] for cell in self.column.first[places]]
        digests = None
        if self.store is not None:
            digests = self.make_digests(self.store, self.column, places, self._where())

        def prepare(number, pixels):
            return self.prepare(Seen(places[number], number, digests), pixels)

        return ImageLoader(
            cells,
            self.reader,
            self.options,
            prepare,
            batch_size=self.batch_size,
            digests=digests,
        )

    def _where(self):
        """Where the reader finds files, and how large an image may be."""
        return {
            "root": getattr(self.reader, "root", None),
            "strict_root": getattr(self.reader, "strict_root", False),
            "max_pixels": getattr(self.reader, "max_pixels", None),
        }

    def read(self, reading, wanted, prepare_batch, keep, shown=None):
        """Read images and hand them to `keep(places, batch)`.

        Parameters
        ----------
        reading : ImageLoader
            Reads them; its `failures` tell what can't be read.

        wanted : sequence of int
            Which of its images to read.

        prepare_batch : callable
            ``prepare_batch(places, images)`` gives the batch; called in a thread.

        keep : callable
            What to do with a batch.

        shown : progress bar, default=None
            Told of each image; None makes one.
        """
        bar = self.bar(len(wanted)) if shown is None else nullcontext(shown)
        with bar as shown:
            for places, batch in reading.batches(wanted, prepare_batch, shown):
                if self.tolerant or not reading.failures:
                    keep(places, batch)

    def bar(self, total):
        """A progress bar for so many images."""
        return progress_bar(
            self.verbose if total else 0, total=total, description=self.title, unit="image"
        )

    def _stored_rows(self, extractor, reading, places):
        """What a store knows of some distinct images."""
        shape = (len(places), extractor.width)
        if self.store is None or extractor.fingerprint is None:
            return CachedFeatures(None, None, None, shape)
        key = self._keys.get(extractor.fingerprint)
        if key is None:
            key = self._keys[extractor.fingerprint] = self.store_key(extractor.fingerprint)

        def describe(place):
            return self.column.describe(places[place])

        return CachedFeatures(self.store, key, reading.digests.keys, shape, describe)

    def _tell_found(self, n_found, shown):
        if shown is not None:
            shown.update(n_found)
        elif n_found:
            n_images = len(self.column.first)
            log(self.verbose, f"{self.title}: {n_found} of {n_images} from the store")
