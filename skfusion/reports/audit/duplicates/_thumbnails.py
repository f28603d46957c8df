"""Thumbnails: small copies of many images, in memory or in a temporary file."""

import tempfile

import numpy as np

from skfusion.images._pixels import convert_channels, resize_pixels

SIDE, COLOR_SIDE = 128, 8
# More copies lie in a file without a name, which vanishes with the process.
_IN_MEMORY = 8192


class Thumbnails:
    """Small copies of images: gray ones to compare shapes, and tiny ones in color.

    Parameters
    ----------
    n_images : int
        The number of images.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.reports.audit.duplicates._thumbnails import Thumbnails
    >>> copies = Thumbnails(2)
    >>> copies.set(1, np.full((40, 30, 3), 7, dtype="uint8"))
    >>> copies.keep(np.array([1]))
    >>> len(copies), copies.gray([0]).shape, copies.color([0]).shape
    (1, (1, 128, 128), (1, 8, 8, 3))
    """

    def __init__(self, n_images):
        shape = (n_images, SIDE, SIDE)
        if n_images <= _IN_MEMORY:
            self._gray = np.zeros(shape, dtype=np.uint8)
        else:
            with tempfile.TemporaryFile() as file:
                self._gray = np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)
        self._color = np.zeros((n_images, COLOR_SIDE, COLOR_SIDE, 3), dtype=np.uint8)
        self._order = np.arange(n_images)

    def __len__(self):
        return len(self._order)

    def set(self, number, pixels):
        """Make the copies of an image: (height, width, 1 or 3), in 0..255."""
        gray = resize_pixels(convert_channels(pixels, 1), (SIDE, SIDE))[..., 0]
        color = resize_pixels(convert_channels(pixels, 3), (COLOR_SIDE, COLOR_SIDE), "box")
        self._gray[number], self._color[number] = _to_bytes(gray), _to_bytes(color)

    def keep(self, numbers):
        """Leave out all images but these, and bring them in this order."""
        self._order = numbers

    def gray(self, places):
        """Return gray copies, stretched to a square: (n, 128, 128)."""
        return self._gray[self._order[places]]

    def color(self, places):
        """Return tiny copies in color: (n, 8, 8, 3)."""
        return self._color[self._order[places]]


def _to_bytes(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
