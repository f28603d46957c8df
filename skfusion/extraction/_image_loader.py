"""ImageLoader: distinct images are read ahead in threads, and failures remembered."""

from skfusion._utils.prefetch import map_ahead, split
from skfusion.exceptions import ImageError


class ImageLoader:
    """Reads some distinct images of a column, and remembers which can't be read.

    Parameters
    ----------
    cells : list
        The images; their numbers in it are their places.

    reader : ImageReader
        How cells become pixels.

    options : dict
        What `read` is told beside the cell: the value that is white, and the size wanted.

    prepare : callable
        ``prepare(place, pixels)`` brings one image's pixels into the form of a batch. A
        ImageError says why this image can't be used.

    batch_size : int
        How many images are read by one task.

    digests : VerifiedDigests or None
        Brought up to date with what was read.

    Attributes
    ----------
    failures : list of tuple (int, str)
        Place and reason of each image that could not be read.
    """

    def __init__(self, cells, reader, options, prepare, *, batch_size, digests=None):
        self.cells = cells
        self.reader = reader
        self.options = options
        self.prepare = prepare
        self.batch_size = batch_size
        self.digests = digests
        self.failures = []

    def batches(self, wanted, prepare_batch, shown):
        """Read images; the batches come in order.

        Parameters
        ----------
        wanted : sequence of int
            The places of the images to read.

        prepare_batch : callable
            ``prepare_batch(places, images)`` gives the batch; called in a thread.

        shown : progress bar
            Told of each image.

        Yields
        ------
        places : list of int
            Those of the images in the batch.

        batch : object
            What `prepare_batch` gave.
        """

        def read(places):
            return self._read_batch(places, prepare_batch)

        for kept, batch, failed in map_ahead(read, split(wanted, self.batch_size)):
            self.failures += failed
            if kept:
                yield kept, batch
            shown.update(len(kept) + len(failed))

    def _read_batch(self, places, prepare_batch):
        images, kept, failed = [], [], []
        for place in places:
            image, reason = self._read_image(place)
            if reason is None:
                images.append(image)
                kept.append(place)
            else:
                failed.append((place, reason))
        return kept, prepare_batch(kept, images) if kept else None, failed

    def _read_image(self, place):
        """The prepared image and None, or None and the reason why there is none."""
        cell = self.cells[place]
        if self.digests is not None:
            cell = self.digests.content(place, cell)
        pixels, reason = self._read_pixels(cell)
        if self.digests is not None:
            self.digests.confirm(place, cell)
        if reason is not None:
            return None, reason
        try:
            return self.prepare(place, pixels), None
        except ImageError as error:
            return None, str(error)

    def _read_pixels(self, cell):
        try:
            return self.reader.read(cell, **self.options), None
        except ValueError as error:
            return None, str(error)
