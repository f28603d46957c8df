"""ColumnExtraction: the features of the distinct images of one column, cached or computed."""

from contextlib import nullcontext

import numpy as np

from skfusion._utils.fingerprint import digest_text
from skfusion._utils.progress import log, progress_bar
from skfusion.extraction._cached_features import CachedFeatures
from skfusion.extraction._image_loader import ImageLoader


class ColumnExtraction:
    """Read the distinct images of one column and compute their features.

    Images whose features are cached are not read. Other images are read ahead in threads while
    features are computed.

    Parameters
    ----------
    column : ImageColumn
        The images.

    decoder : ImageDecoder
        Decodes the cells.

    batch_size : int
        The number of images that are read by one task and computed together.

    store : FeatureStore or None, default=None
        Where features are looked up and kept.

    tolerant : bool, default=False
        Whether to go on when an image can't be read. Otherwise the remaining images are only
        checked, so that one error can report all of them.

    inspect : callable or None, default=None
        Called with the pixels of each image that is read.

    title : str, default="images"
        The title of progress bars.

    verbose : int, default=0
        0 shows nothing.
    """

    def __init__(
        self,
        column,
        decoder,
        *,
        batch_size,
        store=None,
        tolerant=False,
        inspect=None,
        title="images",
        verbose=0,
    ):
        self.column = column
        self.decoder = decoder
        self.batch_size = batch_size
        self.store = store
        self.tolerant = tolerant
        self.inspect = inspect
        self.title = title
        self.verbose = verbose

    def loader(self, places=None):
        """Return an ImageLoader of some distinct images; of all by default."""
        if places is None:
            places = np.arange(len(self.column.first))
        return ImageLoader(
            self.column,
            places,
            self.decoder,
            batch_size=self.batch_size,
            store=self.store,
            inspect=self.inspect,
        )

    def compute(self, extractors, places=None, *, images=None, only_check=False, bar=None):
        """Compute the features of distinct images.

        Parameters
        ----------
        extractors : list of Extractor
            Their features are side by side, in order.

        places : ndarray of int, default=None
            Which distinct images; None means all of them.

        images : ImageBatches, default=None
            Provides the converted images; None reads them from the column.

        only_check : bool, default=False
            Whether to do no more than find out which images can't be read.

        bar : progress bar, default=None
            Updated with each image; None makes one.

        Returns
        -------
        features : ndarray of shape (n_places, width), float32
            Undefined for images that can't be read.

        failures : list of tuple (int, str)
            Place and reason of each image that can't be read.
        """
        places = np.arange(len(self.column.first)) if places is None else places
        images = self.loader(places) if images is None else images
        tables = [self._cached(extractor, images, places) for extractor in extractors]
        missing = np.flatnonzero(~np.all([table.found for table in tables], axis=0))
        self._report_found(len(places) - len(missing), bar)

        def collate(numbers, converted):
            return [
                None
                if only_check or table.found[numbers].all()
                else extractor.collate([image[extractor.conversion] for image in converted])
                for table, extractor in zip(tables, extractors, strict=True)
            ]

        conversions = dict.fromkeys(extractor.conversion for extractor in extractors)
        for numbers, batch in self.batches(images, missing, conversions, collate, bar):
            for table, extractor, inputs in zip(tables, extractors, batch, strict=True):
                if inputs is not None:
                    table.compute(numbers, extractor.compute, inputs)
        if self.store is not None:
            self.store.flush()
        values = [table.values for table in tables]
        features = values[0] if len(values) == 1 else np.hstack(values)
        return features, [(int(places[number]), reason) for number, reason in images.failures]

    def load(self, images, conversion):
        """Read all distinct images into one array.

        Parameters
        ----------
        images : ImageLoader
            Reads all distinct images; its `failures` list those that can't be read.

        conversion : Resizing
            Converts each image to the same shape.

        Returns
        -------
        pixels : ndarray of shape (n_distinct, height, width, channels)
            The images; 0 where one can't be read. uint8 where all images are.
        """
        n_images = len(self.column.first)
        pixels = np.zeros((n_images, *conversion.shape), dtype=np.uint8)

        def collate(numbers, converted):
            return np.stack([image[conversion] for image in converted])

        for numbers, batch in self.batches(images, range(n_images), [conversion], collate):
            pixels = pixels.astype(np.result_type(pixels, batch), copy=False)
            pixels[numbers] = batch
        return pixels

    def batches(self, images, numbers, conversions, collate, bar=None):
        """Yield batches with a progress bar, until an image that can't be read is an error."""
        own = self.bar(len(numbers)) if bar is None else nullcontext(bar)
        with own as bar:
            for kept, batch in images.batches(numbers, conversions, collate, bar):
                if self.tolerant or not images.failures:
                    yield kept, batch

    def bar(self, total):
        """Return a progress bar for this number of images."""
        return progress_bar(
            self.verbose if total else 0, total=total, description=self.title, unit="image"
        )

    def cache_key(self, fingerprint, conversion):
        """Return the key of cached features: a digest of all they depend on beside the image."""
        return digest_text(fingerprint, conversion.fingerprint, self.decoder.fingerprint)

    def _cached(self, extractor, images, places):
        """Return the features that are cached already."""
        shape = (len(places), extractor.width)
        cached = extractor.fingerprint is not None and extractor.conversion.fingerprint is not None
        if self.store is None or not cached:
            return CachedFeatures(None, None, None, shape)

        def describe(number):
            return self.column.describe(places[number])

        key = self.cache_key(extractor.fingerprint, extractor.conversion)
        return CachedFeatures(self.store, key, images.keys, shape, describe)

    def _report_found(self, n_found, bar):
        if bar is not None:
            bar.update(n_found)
        elif n_found:
            n_images = len(self.column.first)
            log(self.verbose, f"{self.title}: {n_found} of {n_images} images from the cache")
