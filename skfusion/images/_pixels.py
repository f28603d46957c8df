"""Arrays of pixels: any usual dtype and shape becomes (height, width, channels) in 0..255."""

import numpy as np
from PIL import Image

from skfusion.images._array_values import ArrayValues
from skfusion.images._value_range import ValueRange, find_value_range, scale_values

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
# ITU-R BT.601 luma, as in Pillow's conversion from RGB to L.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def has_open_range(dtype):
    """Return whether a dtype leaves open which values are black and white."""
    return dtype.kind in "fi"


def array_shape(array):
    """Return height, width and channels of an array that is an image; ValueError for others."""
    if array.ndim == 2:
        (height, width), channels = array.shape, 1
    elif array.ndim == 3:
        height, width, channels = array.shape
    else:
        raise ValueError(
            f"an array of shape {array.shape} is no image: (height, width) or "
            "(height, width, channels) is expected"
        )
    if height == 0 or width == 0:
        raise ValueError(f"an array of shape {array.shape} has no pixels")
    if channels not in (1, 2, 3, 4):
        hint = ""
        if array.shape[0] in (1, 3, 4):
            hint = "; move its channels to the last axis, as in numpy.moveaxis(image, 0, -1)"
        raise ValueError(f"an array of shape {array.shape} has {channels} channels{hint}")
    return height, width, channels


def array_to_pixels(array, value_range=None, background=(255, 255, 255)):
    """Turn an array into pixels in 0..255.

    Parameters
    ----------
    array : ndarray or MaskedArray of shape (height, width) or (height, width, channels)
        1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels. Masked pixels are black.

    value_range : ValueRange or None, default=None
        What is black and white in arrays of floats and signed integers, and, if it was given to
        the reader, of unsigned integers; None finds it from this array alone.

    background : tuple of int, default=(255, 255, 255)
        The color under transparent pixels.

    Returns
    -------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        uint8 wherever that loses nothing.
    """
    height, width, channels = array_shape(array)
    values, mask = unmasked(array.reshape(height, width, channels))
    pixels = scale_to_pixels(values, value_range)
    if channels in (2, 4):
        pixels = composite(pixels, background)
    if mask is not None:
        pixels = np.where(_mask_of_colors(mask), pixels.dtype.type(0), pixels)
    return pixels


def finite_values(array):
    """Return the values of an array that show its range, as one axis; masked ones are left out."""
    if isinstance(array, np.ma.MaskedArray):
        array = array.compressed()
    values = np.asarray(array).reshape(-1)
    finite = np.isfinite(values)
    return values if finite.all() else values[finite]


def unmasked(array):
    """Return the values, with the smallest in place of masked ones, and the mask or None."""
    if not isinstance(array, np.ma.MaskedArray):
        return array, None
    mask = np.ma.getmaskarray(array)
    values = np.asarray(array.data)
    if not mask.any():
        return values, None
    if mask.all():
        raise ValueError("all of its pixels are masked")
    if values.dtype.kind in "biuf":
        values = np.where(mask, values[~mask].min(), values)
    return values, mask


def _mask_of_colors(mask):
    """Return which colors are masked; a pixel with masked alpha is masked as a whole."""
    if mask.shape[2] in (2, 4):
        return mask.any(axis=2, keepdims=True)
    return mask


def scale_to_pixels(array, value_range=None):
    """Map values of any dtype to 0..255; uint8 wherever that loses nothing."""
    kind = array.dtype.kind
    if kind not in "biuf":
        raise ValueError(f"an array of dtype {array.dtype} is no image")
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    given = value_range is not None and value_range.origin == "reader"
    if kind == "u" and not given:
        return scale_integers(array, np.iinfo(array.dtype).max)
    if kind == "f" and not np.isfinite(array).all():
        raise ValueError("the array holds NaN or infinite values; replace or mask them")
    if value_range is None:
        value_range = find_value_range([ArrayValues.of(array)]) or ValueRange(0.0, 255.0)
    return value_range.to_pixels(array)


def scale_integers(array, largest):
    """Return unsigned integers of which the largest possible one is white, in 0..255."""
    if largest == 255:
        return array.astype(np.uint8, copy=False)
    return scale_values(array, 0.0, float(largest))


def composite(pixels, background):
    """Lay the colors over the background, weighted by the last channel, alpha."""
    alpha = pixels[..., -1:].astype(np.float32) / np.float32(255)
    color = pixels[..., :-1]
    under = np.asarray(background, dtype=np.float32)
    if color.shape[2] == 1:
        under = under @ _LUMA
    mixed = color * alpha + under * (1 - alpha)
    return np.rint(mixed).astype(np.uint8) if pixels.dtype == np.uint8 else mixed


def convert_channels(pixels, channels):
    """Convert gray to RGB by repetition or RGB to gray by luma; keep three axes."""
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    if pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]
    return (pixels @ _LUMA)[..., np.newaxis]


def resize_pixels(pixels, size, resample="bilinear", box=None):
    """Resize to (height, width); antialiased when shrinking, as Pillow does.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        The image.

    size : tuple (height, width)
        The new size.

    resample : str, default="bilinear"
        The interpolation, as in `ImageReader`.

    box : tuple (left, top, right, bottom) or None, default=None
        The part of the image to resize, in pixels that may be fractions; None is all of it.
    """
    height, width = size
    if pixels.shape[:2] == (height, width) and box in (None, (0, 0, width, height)):
        return pixels
    method = RESAMPLING[resample]
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        resized = np.asarray(image.resize((width, height), method, box))
        return resized.reshape(height, width, -1)
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), method, box)
        )
        for plane in np.moveaxis(pixels, 2, 0)
    ]
    resized = np.stack(planes, axis=-1)
    # Bicubic and Lanczos overshoot at edges, where bytes are clipped.
    return resized.clip(min(pixels.min(), 0), max(pixels.max(), 255), out=resized)
