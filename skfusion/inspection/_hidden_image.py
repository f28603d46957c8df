"""HiddenImage: a cell that is an image of which parts are hidden."""

import threading
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone

from skfusion.images._pixels import convert_channels, resize_pixels


class OriginalImage:
    """An image that is decoded once for each reader and size.

    Parameters
    ----------
    cell : object
        The cell of the table.
    """

    def __init__(self, cell):
        self.cell = cell
        self._decoded: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def pixels(self, reader, options):
        """Return the pixels as this reader decodes them."""
        key = (id(reader), *sorted(options.items()))
        with self._lock:
            if key not in self._decoded:
                self._decoded[key] = reader.read(self.cell, **options)
            return self._decoded[key]


class HiddenImage:
    """An image of which parts are hidden.

    Parameters
    ----------
    original : OriginalImage
        The image.

    hidden : ndarray of shape (n_down, n_across), float32
        A grid over the image: 1 in hidden cells, 0 in the others. Between cells it changes
        gradually, without edges that a network could respond to.

    cover : OriginalImage or None, default=None
        The image that is seen where this one is hidden; None is the mean color of this one.
    """

    def __init__(self, original, hidden, cover=None):
        self.original = original
        self.hidden = hidden
        self.cover = cover

    def pixels(self, reader, options):
        """Return the pixels."""
        pixels = self.original.pixels(reader, options)
        part = resize_pixels(self.hidden[..., np.newaxis], pixels.shape[:2], "bilinear")
        mixed = pixels + part * (self._cover_pixels(pixels, reader, options) - pixels)
        if pixels.dtype == np.uint8:
            mixed = np.rint(mixed)
        return mixed.astype(pixels.dtype)

    def _cover_pixels(self, pixels, reader, options):
        """Return the cover in the shape of the image."""
        if self.cover is None:
            return pixels.mean(axis=(0, 1), dtype=np.float32)
        cover = self.cover.pixels(reader, options)
        cover = convert_channels(resize_pixels(cover, pixels.shape[:2]), pixels.shape[2])
        return cover.astype(np.float32)


class HidingReader:
    """A reader that reads a HiddenImage too; it leaves all other cells to the reader of fit.

    Parameters
    ----------
    reader : ImageReader
        The reader of the fitted transformer, or an object with its methods.
    """

    def __init__(self, reader):
        self.reader = reader
        self._accepted = signature(reader.read).parameters

    def read(self, cell, value_range=None, size=None):
        """Read one cell; see `ImageReader.read`."""
        options = {"value_range": value_range, "size": size}
        options = {
            name: value
            for name, value in options.items()
            if name in self._accepted and value is not None
        }
        if isinstance(cell, HiddenImage):
            return cell.pixels(self.reader, options)
        return self.reader.read(cell, **options)

    def probe(self, cell):
        """Return the shape of one cell; see `ImageReader.probe`."""
        original = cell.original.cell if isinstance(cell, HiddenImage) else cell
        return self.reader.probe(original)

    def get_params(self, deep=True):
        """Return the parameters of the reader."""
        return self.reader.get_params(deep=deep)

    def __sklearn_clone__(self):
        return clone(self.reader)  # masks are read by a clone, and they are never hidden
