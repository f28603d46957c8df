"""Arrays as images: any usual dtype and shape becomes (height, width, channels) in 0..255."""

import numpy as np
from PIL import Image

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
# ITU-R BT.601 luma, as in Pillow's conversion from RGB to L.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def has_open_range(array):
    """Whether the dtype leaves open which value is white (floats and signed integers)."""
    return array.dtype.kind in "fi"


def guess_white(largest):
    """The value that stands for white when the largest value seen is `largest`."""
    largest = float(largest)  # 65535 is beyond half floats
    if largest <= 0:
        return 255.0
    for white in (1.0, 255.0, 4095.0, 65535.0):
        if largest <= white:
            return white
    return largest


def array_shape(array):
    """Height, width and channels of an array that is an image; ValueError if it is none."""
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


def array_to_pixels(array, white=None, background=(255, 255, 255)):
    """Turn an array into pixels in 0..255.

    Parameters
    ----------
    array : ndarray of shape (height, width) or (height, width, channels)
        1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels. Booleans and unsigned integers
        are scaled by the range of their dtype, floats and signed integers by `white`.

    white : float or None, default=None
        The value of floats and signed integers that stands for white (255); None guesses it
        from this array alone.

    background : tuple of int, default=(255, 255, 255)
        The color under transparent pixels.

    Returns
    -------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        uint8 wherever that loses nothing.
    """
    height, width, channels = array_shape(array)
    pixels = _to_0_255(array.reshape(height, width, channels), white)
    if channels in (2, 4):
        pixels = _composite(pixels, background)
    return pixels


def _to_0_255(array, white):
    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return array
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if kind == "u":
        return (array / (np.iinfo(array.dtype).max / 255.0)).astype(np.float32)
    if kind not in "fi":
        raise ValueError(f"an array of dtype {array.dtype} is no image")
    if kind == "f" and not np.isfinite(array).all():
        raise ValueError("the array holds NaN or infinite values")
    white = guess_white(array.max()) if white is None else white
    if white == 255.0 and array.dtype == np.float32:
        return array
    wide = np.result_type(array, np.float32)  # half floats would lose digits
    return np.multiply(array, 255.0 / white, dtype=wide).astype(np.float32, copy=False)


def _composite(pixels, background):
    """Lay the colors over the background, weighted by the last channel, alpha."""
    alpha = pixels[..., -1:].astype(np.float32) / np.float32(255)
    color = pixels[..., :-1]
    under = np.asarray(background, dtype=np.float32)
    if color.shape[2] == 1:
        under = under @ _LUMA
    mixed = color * alpha + under * (1 - alpha)
    return np.rint(mixed).astype(np.uint8) if pixels.dtype == np.uint8 else mixed


def convert_channels(pixels, channels):
    """Gray to RGB by repetition, RGB to gray by luma; (height, width, channels) comes back."""
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    if pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]
    return (pixels @ _LUMA)[..., np.newaxis]


def resize_pixels(pixels, size, resample="bilinear"):
    """Resize to (height, width); antialiased when shrinking, as Pillow does."""
    height, width = size
    if pixels.shape[:2] == (height, width):
        return pixels
    method = RESAMPLING[resample]
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        resized = np.asarray(image.resize((width, height), method))
        return resized.reshape(height, width, -1)
    planes = [
        np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), method))
        for plane in np.moveaxis(pixels, 2, 0)
    ]
    resized = np.stack(planes, axis=-1)
    # Bicubic and Lanczos overshoot at edges, where bytes are clipped.
    return resized.clip(min(pixels.min(), 0), max(pixels.max(), 255), out=resized)
