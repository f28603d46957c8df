"""HiddenImage: a cell that is an image of which a part is hidden."""

import threading
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone

from skfusion.images._pixels import resize_pixels


class OriginalImage:
    """An image whose parts are hidden: decoded once for each size and reader.

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
        """Return the pixels as this reader decodes them, and their mean color."""
        key = (id(reader), *sorted(options.items()))
        with self._lock:
            if key not in self._decoded:
                pixels = reader.read(self.cell, **options)
                color = pixels.mean(axis=(0, 1), dtype=np.float64)
                self._decoded[key] = pixels, color
            return self._decoded[key]


class HiddenImage:
    """An image of which a part has its mean color.

    Parameters
    ----------
    original : OriginalImage
        The image.

    hidden : ndarray of shape (height, width), float32
        How much of each place is hidden, from 0 to 1, on a grid that is laid over the image.
    """

    def __init__(self, original, hidden):
        self.original = original
        self.hidden = hidden

    def pixels(self, reader, options):
        """Return the pixels with the hidden part in the mean color."""
        pixels, color = self.original.pixels(reader, options)
        hidden = resize_pixels(self.hidden[..., np.newaxis], pixels.shape[:2], "nearest")
        mixed = pixels + hidden * (color.astype(np.float32) - pixels)
        if pixels.dtype == np.uint8:
            return np.rint(mixed).astype(np.uint8)
        return mixed.astype(np.float32, copy=False)


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
