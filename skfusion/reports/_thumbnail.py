"""Small copies of images, as text that an HTML page can hold."""

import base64
import io

import numpy as np
from PIL import Image

# The longest side in pixels. An image is written with less detail until it is below the limit.
LONGEST_SIDE = 320
MOST_BYTES = 60_000
_QUALITIES = (85, 70, 50, 30)
# Up to this side, pixels are shown as they are.
_TINY = 64
# Colors that most color-blind people can distinguish: for (orange) and against (blue).
FOR, AGAINST = (214, 96, 0), (0, 90, 181)
_OPACITY = 0.75


def thumbnail(pixels):
    """Return a small copy of an image.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 1 or 3)
        Values in 0..255.

    Returns
    -------
    image : PIL image
        In color, and with no side longer than 320 pixels. Tiny images are enlarged.
    """
    values = np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    values = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
    image = Image.fromarray(values)
    size = _shown_size(image.size)
    is_tiny = max(image.size) <= _TINY
    return image.resize(size, Image.Resampling.NEAREST if is_tiny else Image.Resampling.BOX)


def overlay(image, regions, largest):
    """Return a gray copy of a small image, with regions for and against in two colors.

    Parameters
    ----------
    image : PIL image
        A small copy; see `thumbnail`.

    regions : ndarray of shape (height, width)
        By how much each place of the image moves the prediction, with its sign.

    largest : float
        The strength that has the full color.
    """
    shrunk = Image.fromarray(np.asarray(regions, dtype=np.float32)).resize(
        image.size, Image.Resampling.BOX
    )
    heat = np.asarray(shrunk)[..., np.newaxis] / (largest or 1.0)
    gray = np.asarray(image.convert("L"), dtype=np.float32)[..., np.newaxis]
    color = np.where(heat > 0, np.float32(FOR), np.float32(AGAINST))
    share = np.clip(np.abs(heat), 0, 1) * _OPACITY
    return Image.fromarray(np.rint(gray * (1 - share) + color * share).astype(np.uint8))


def data_uri(image):
    """Return an image as a ``data:`` address of at most about 80 kB."""
    for quality in _QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _shown_size(size):
    """Return width and height: at most the longest side, of tiny images a multiple of theirs."""
    longest = max(size)
    if longest <= _TINY:
        factor = max(1, LONGEST_SIDE // 2 // longest)
        return size[0] * factor, size[1] * factor
    scale = min(1.0, LONGEST_SIDE / longest)
    return tuple(max(1, round(side * scale)) for side in size)
