"""ArrayImage: an array as an opened image."""

from skfusion.images._pixels import array_shape, array_to_pixels, has_open_range
from skfusion.images.formats._opened_image import OpenedImage


class ArrayImage(OpenedImage):
    """An array of pixels.

    Parameters
    ----------
    array : ndarray
        The pixels.

    options : ReadOptions
        How to read them.
    """

    def __init__(self, array, options):
        self._array, self._options = array, options

    def shape(self):
        """Return height, width and channels."""
        height, width, channels = array_shape(self._array)
        return height, width, 1 if channels < 3 else 3

    def read(self):
        """Return the pixels in 0..255."""
        options = self._options
        return array_to_pixels(self._array, options.value_range, options.background)

    def facts(self):
        """Return the dtype in place of a mode."""
        return {"format": "array", "mode": str(self._array.dtype), "frames": 1}

    @property
    def has_open_range(self):
        """bool : Whether the dtype leaves open what is black and white."""
        return has_open_range(self._array.dtype)

    def values(self):
        """Return the array."""
        array_shape(self._array)
        return self._array
