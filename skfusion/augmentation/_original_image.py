"""OriginalImage: the pixels of a cell, and the way back from changed pixels to a cell."""

from inspect import signature

import numpy as np

from skfusion.images._pixels import array_shape, resize_pixels, scale_to_pixels, unmasked
from skfusion.images._value_range import ValueRange, range_of_type


class OriginalImage:
    """An image that copies are made from.

    The copies of an array have its dtype, its range of values and its number of axes. The copies
    of files, bytes and PIL images are uint8 arrays, or uint16 if a file has more than 8 bits.

    Parameters
    ----------
    cell : str, PathLike, bytes, PIL image, ndarray, pydicom Dataset or nibabel image
        An image.

    reader : ImageReader
        Reads cells other than arrays, and decides how images are resized.

    value_range : ValueRange or None
        What is black and white in arrays of floats or signed integers; None for other cells.

    size : tuple (height, width) or None
        The size of the copies; None keeps the image's own.

    Raises
    ------
    ValueError
        If the cell is not an image.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.augmentation._original_image import OriginalImage
    >>> from skfusion.images._image_reader import ImageReader
    >>> from skfusion.images._value_range import ValueRange
    >>> original = OriginalImage(np.array([[0.0, 1.0]]), ImageReader(), ValueRange(0, 1), size=None)
    >>> original.pixels[0, :, 0]
    array([  0., 255.], dtype=float32)
    >>> original.restore(original.pixels)
    array([[0., 1.]])
    """

    def __init__(self, cell, reader, value_range, size):
        if isinstance(cell, np.ndarray):
            self._dtype, self._ndim = cell.dtype, cell.ndim
            values, _ = unmasked(cell.reshape(array_shape(cell)))
            self._range = _range_of(values, value_range)
            pixels = scale_to_pixels(values, self._range)
            if self._dtype != np.uint8:
                pixels = pixels.astype(np.float32, copy=False)
        else:
            pixels = self._read(reader, cell, value_range)
            deep = pixels.dtype != np.uint8  # more than 8 bits
            self._dtype, self._ndim = np.dtype(np.uint16 if deep else np.uint8), 3
            self._range = range_of_type(self._dtype)
        self.pixels = pixels
        if size is not None:
            self.pixels = resize_pixels(pixels, size, getattr(reader, "resample", "bilinear"))

    def _read(self, reader, cell, value_range):
        if value_range is None or "value_range" not in signature(reader.read).parameters:
            return reader.read(cell)
        return reader.read(cell, value_range=value_range)

    def restore(self, pixels):
        """Turn changed pixels in 0..255 into a cell like the original's array."""
        if not pixels.dtype == self._dtype == np.uint8:
            pixels = _as_dtype(self._range.to_values(pixels), self._dtype)
        return pixels if self._ndim == 3 else pixels[..., 0]


def _range_of(array, value_range):
    """Return what is black and white in an array."""
    if array.dtype.kind in "bu" and (value_range is None or value_range.origin != "reader"):
        return range_of_type(array.dtype)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"an array of dtype {array.dtype} is not an image")
    return value_range or ValueRange(0.0, 255.0)


def _as_dtype(values, dtype):
    if dtype.kind == "f":
        return values.astype(dtype)
    if dtype.kind == "b":
        return values > 0.5
    bounds = np.iinfo(dtype)
    # The largest integers of 64 bits are greater than the largest float below them.
    most = np.nextafter(np.float64(bounds.max), 0)
    return np.rint(np.clip(values.astype(np.float64), bounds.min, most)).astype(dtype)
