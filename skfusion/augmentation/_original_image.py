"""OriginalImage: the pixels of a cell, and the way back from changed pixels to a cell."""

import numpy as np

from skfusion.images.sources._arrays import array_shape, guess_white, has_open_range, resize_pixels


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

    white : float or None
        The value of white in arrays of floats or signed integers.

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
    >>> original = OriginalImage(np.array([[0.0, 1.0]]), ImageReader(), white=1.0, size=None)
    >>> original.pixels[0, :, 0]
    array([  0., 255.], dtype=float32)
    >>> original.restore(original.pixels)
    array([[0., 1.]])
    """

    def __init__(self, cell, reader, white, size):
        if isinstance(cell, np.ndarray):
            self._dtype, self._ndim = cell.dtype, cell.ndim
            self._scale = _scale(cell, white)
            pixels = cell.reshape(array_shape(cell))
            if self._dtype != np.uint8:
                pixels = (pixels * self._scale).astype(np.float32)
        else:
            pixels = reader.read(cell)
            deep = pixels.dtype != np.uint8  # more than 8 bits
            self._dtype, self._ndim = np.dtype(np.uint16 if deep else np.uint8), 3
            self._scale = 255 / 65535 if deep else 1.0
        self.pixels = pixels
        if size is not None:
            self.pixels = resize_pixels(pixels, size, getattr(reader, "resample", "bilinear"))

    def restore(self, pixels):
        """Turn changed pixels in 0..255 into a cell like the original's array."""
        if not pixels.dtype == self._dtype == np.uint8:
            pixels = _as_dtype(pixels / self._scale, self._dtype)
        return pixels if self._ndim == 3 else pixels[..., 0]


def _scale(array, white):
    """Return the factor that brings the values of an array to 0..255."""
    kind = array.dtype.kind
    if kind not in "biuf":
        raise ValueError(f"an array of dtype {array.dtype} is not an image")
    if kind == "b":
        return 255.0
    if not has_open_range(array):
        return 255.0 / np.iinfo(array.dtype).max
    if not np.isfinite(array).all():
        raise ValueError("the array holds NaN or infinite values")
    return 255.0 / (guess_white(array.max(initial=0)) if white is None else white)


def _as_dtype(values, dtype):
    if dtype.kind == "f":
        return values.astype(dtype)
    if dtype.kind == "b":
        return values > 0.5
    bounds = np.iinfo(dtype)
    # The largest integers of 64 bits are greater than the largest float below them.
    most = np.nextafter(np.float64(bounds.max), 0)
    return np.rint(np.clip(values.astype(np.float64), bounds.min, most)).astype(dtype)
