"""Masks: the pixels of an image that are measured."""

import numpy as np
from sklearn.base import clone

from skfusion.exceptions import ImageError
from skfusion.images._image_reader import ImageReader
from skfusion.images._pixels import resize_pixels


class MaskError(ValueError):
    """A mask can't be used. The caller, which has its cell, names it."""


def check_mask(mask):
    """Return the parameter; refuse a str that is no rule, most likely a column without brackets."""
    if isinstance(mask, str) and mask != "otsu":
        raise ValueError(
            "mask must be 'otsu', a function, a list of columns or None, "
            f"got {mask!r}. For a column of masks, pass a list: mask=[{mask!r}]."
        )
    return mask


def mask_reader(reader):
    """Make the reader of masks: as that of the images, but 0 alone becomes 0."""
    options = {"background": "black", "window": (0.5, 1.0), "value_range": None}
    known = {name: value for name, value in options.items() if name in reader.get_params()}
    return clone(reader).set_params(**known) if known else reader


def read_mask(reader, cell, source, size):
    """Read one mask.

    Parameters
    ----------
    reader : ImageReader
        As `mask_reader` gives it.

    cell : object
        The mask as an image: pixels above 0 in any channel belong to it.

    source : str
        The name of the mask in errors.

    size : tuple (height, width)
        The size of the image, before it is resized.

    Returns
    -------
    mask : ndarray of bool of shape (height, width)
        With at least one True.
    """
    try:
        mask = _above_0(reader, cell)
    except ValueError as error:
        raise ImageError(f"its mask ({source}): {error}") from error
    if mask.shape != tuple(size):
        raise ImageError(
            f"its mask ({source}) has {mask.shape[0]} x {mask.shape[1]} pixels, the image "
            f"{size[0]} x {size[1]}: both need the same height and width"
        )
    if not mask.any():
        raise ImageError(f"its mask ({source}) is empty: no pixel is above 0")
    return mask


def _above_0(reader, cell):
    """Return which pixels are above 0 in any channel; floats and signed integers as stored."""
    if getattr(type(reader), "read", None) is ImageReader.read:
        with reader._open(cell) as image:
            if image.has_open_range:
                above = np.ma.filled(image.values() > 0, False)
                return above if above.ndim == 2 else above.any(axis=2)
    return (reader.read(cell) > 0).any(axis=2)


def resize_mask(mask, size):
    """Resize a mask; a pixel belongs to it where at least half of it does."""
    if mask.shape == tuple(size):
        return mask
    covered = resize_pixels(mask.astype(np.float32)[..., np.newaxis], size)[..., 0]
    resized = covered >= 0.5
    if not resized.any():
        raise MaskError(
            f"is too small: nothing is left of its {mask.sum()} pixels at "
            f"{size[0]} x {size[1]}; pass a larger image_size, or None"
        )
    return resized


def call_mask(function, pixels):
    """Call the user's function, which chooses the pixels to measure."""
    shown = pixels.view()
    shown.flags.writeable = False
    mask = np.asarray(function(shown))
    if mask.shape != pixels.shape[:2] or mask.dtype.kind not in "biuf":
        raise ImageError(
            f"mask() gave shape {mask.shape} and dtype {mask.dtype} for pixels of shape "
            f"{pixels.shape}; it has to give booleans of shape {pixels.shape[:2]}, as "
            "pixels[..., 0] > 128 does"
        )
    mask = mask != 0
    if not mask.any():
        raise ImageError("its mask is empty: mask() chose no pixel")
    return mask
