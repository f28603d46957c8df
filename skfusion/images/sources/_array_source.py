"""ArraySource: arrays of pixels."""

from contextlib import contextmanager

import numpy as np

from skfusion.images._hashing import content_digest
from skfusion.images._pixels import has_open_range
from skfusion.images.sources._array_image import ArrayImage
from skfusion.images.sources._cell_source import CellSource

# Enough bytes of an array to differ in most images; only those that agree in them are compared
# in full.
_SAMPLE = 64


class ArraySource(CellSource):
    """An ndarray or a masked array."""

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is an array."""
        return isinstance(cell, np.ndarray)

    @contextmanager
    def open(self, options):
        """Open the array."""
        yield ArrayImage(self.cell, options)

    def key(self):
        """Return type, shape and a sample of the values."""
        flat = self.cell.reshape(-1)
        sample = np.asarray(flat[:: max(1, flat.size // _SAMPLE)])
        masked = isinstance(self.cell, np.ma.MaskedArray)
        return (self.cell.dtype.str, self.cell.shape, masked, sample.tobytes())

    def digest(self, options):
        """Return a digest of type, shape, values and mask."""
        array, parts = self.cell, []
        if isinstance(array, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(array)
            parts.append(b"masked" + np.packbits(mask).tobytes())
            array = array.filled(array.dtype.type(0))
        # Other subclasses may hold more than values; objects are only known by where they lie.
        elif type(array) not in (np.ndarray, np.memmap):
            raise ValueError(f"a {type(array).__name__} has no digest")
        if array.dtype.kind not in "biuf":
            raise ValueError(f"an array of dtype {array.dtype} has no digest")
        about = f"{array.dtype.str}{array.shape}".encode()
        return content_digest("array", about, np.ascontiguousarray(array), *parts)

    def describe(self):
        """Return shape and dtype."""
        return f"array of shape {self.cell.shape} and dtype {self.cell.dtype}"

    def looks_like_image(self):
        """Return whether the array has the axes of an image, and holds numbers."""
        return self.cell.ndim in (2, 3) and self.cell.dtype.kind in "biuf"

    def may_have_open_range(self):
        """Return whether the dtype leaves the range open."""
        return has_open_range(self.cell.dtype)
