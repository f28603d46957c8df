"""ImageLoader: reads distinct images ahead, in threads."""

from skfusion._utils.prefetch import map_ahead, split
from skfusion.exceptions import ImageError
from skfusion.extraction._image_batches import ImageBatches
from skfusion.extraction._masked_column import PairedDigests
from skfusion.extraction._verified_digests import VerifiedDigests
from skfusion.images._masks import MaskError, mask_reader, read_mask
from skfusion.images.remote._download_ahead import DownloadAhead
from skfusion.images.sources._find_source import describe, find_source


class ImageLoader(ImageBatches):
    """Read some distinct images of a column and record which of them can't be read.

    Parameters
    ----------
    column : ImageColumn or MaskedColumn
        The images.

    places : ndarray of int
        Which of the column's distinct images are read. Image number ``i`` is at ``places[i]``.

    decoder : ImageDecoder
        Decodes the cells.

    batch_size : int
        The number of images that one task reads.

    store : FeatureStore or None, default=None
        Remembers digests of files. Without one, images have no digests.

    inspect : callable or None, default=None
        Called with the pixels of each image, to learn or count what images are like.

    Attributes
    ----------
    digests : VerifiedDigests or None
        The digest of each image; None without a store.
    """

    def __init__(self, column, places, decoder, *, batch_size, store=None, inspect=None):
        super().__init__()
        self.digests = None
        self.cells = [column.cells[cell] for cell in column.first[places]]
        self.masks = None
        if column.masks is not None:
            self.masks = [column.masks.cells[cell] for cell in column.first[places]]
            self._mask_reader = mask_reader(decoder.reader)
        if store is not None:
            self.digests = self._make_digests(store, decoder.location)
        self._decoder = decoder
        self._batch_size = batch_size
        self._inspect = inspect

    def _make_digests(self, store, location):
        if self.masks is None:
            return VerifiedDigests(store, self.cells, location)
        return PairedDigests(store, self.cells, self.masks, location)

    @property
    def keys(self):
        """Sequence of (bytes or None) : The digest of each image, as it was last read."""
        return self.digests.keys

    def batches(self, numbers, conversions, collate, bar):
        """Read images in threads and yield them in batches; see `ImageBatches.batches`."""
        access = self._decoder.location["remote"]
        places = split(range(len(numbers)), self._batch_size)
        urls = [] if access is None else [self._urls(number) for number in numbers]
        with DownloadAhead(urls, access) as ahead:

            def read(some):
                return self._read_batch(
                    [(place, numbers[place]) for place in some], ahead, conversions, collate
                )

            for kept, batch, failed in map_ahead(read, places):
                self.failures += failed
                if kept:
                    yield kept, batch
                bar.update(len(kept) + len(failed))
        if self.digests is not None:
            self.digests.flush()

    def _urls(self, number):
        """Return the URLs of an image and of its mask, if they have any."""
        cells = [self.cells] if self.masks is None else [self.cells, self.masks]
        return [find_source(column[number]).url for column in cells]

    def _read_batch(self, places, ahead, conversions, collate):
        images, kept, failed = [], [], []
        for place, number in places:
            ahead.reach(place)
            try:
                images.append(self._read_image(number, conversions))
                kept.append(number)
            except ImageError as error:
                failed.append((number, str(error)))
            ahead.release(place)
        return kept, collate(kept, images) if kept else None, failed

    def _read_image(self, number, conversions):
        """Decode one image and convert it; raise ImageError if that is impossible."""
        pixels = self._decode(number)
        if self._inspect is not None:
            self._inspect(pixels)
        mask = None if self.masks is None else self._read_mask(number, pixels.shape[:2])
        try:
            return {conversion: conversion.apply(pixels, mask) for conversion in conversions}
        except MaskError as error:
            raise ImageError(f"its mask ({describe(self.masks[number])}) {error}") from error

    def _decode(self, number):
        cell = content = self.cells[number]
        if self.digests is not None:
            content = self.digests.content(number, cell)
        try:
            return self._decoder.decode(content)
        except ValueError as error:
            raise ImageError(str(error)) from error
        finally:
            if self.digests is not None:
                self.digests.confirm(number, content)

    def _read_mask(self, number, size):
        cell = content = self.masks[number]
        digests = None if self.digests is None else self.digests.masks
        if digests is not None:
            content = digests.content(number, cell)
        mask = read_mask(self._mask_reader, content, describe(cell), size)
        if digests is not None:
            digests.confirm(number, cell)
        return mask
