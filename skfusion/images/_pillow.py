"""Files, bytes and PIL images through Pillow."""

import io
import os
import stat

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from skfusion.images._arrays import array_to_pixels, convert_channels

# Pillow signals a file that it can't read with nearly any of these, depending on the format.
READ_ERRORS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError)
READ_ERRORS += (AttributeError, OverflowError, MemoryError, NotImplementedError, RuntimeError)
READ_ERRORS += (ArithmeticError, Image.DecompressionBombError, Image.DecompressionBombWarning)

_GREY_MODES = {"1", "L", "LA", "La", "I", "F"}
# PNG's EXIF chunk and TIFF's tag both arrive here.
_ORIENTATION = 0x0112


def check_regular_file(path):
    """Refuse what is no file before anything opens it: opening a FIFO would wait for ever."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise ValueError("no such file") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"the path can't be used ({error})") from None
    if stat.S_ISDIR(mode):
        raise ValueError("it is a directory")
    if not stat.S_ISREG(mode):
        raise ValueError("it is no regular file")


def open_image(source, max_pixels):
    """Open a path or bytes lazily: the header is read and its size is checked."""
    if isinstance(source, bytes):
        if not source:
            raise ValueError("no bytes")
        source = io.BytesIO(source)
    else:
        check_regular_file(source)
    try:
        image = Image.open(source)
    except UnidentifiedImageError:
        raise ValueError("no image format that Pillow knows") from None
    check_size(image, max_pixels)
    return image


def check_size(image, max_pixels):
    """Refuse a picture by its header, before its pixels take memory."""
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(
            f"{width} x {height} pixels are more than max_pixels={max_pixels} of the reader"
        )


def probe_image(image):
    """Height, width and channels (1 or 3) that `image_to_pixels` will give, from the header."""
    width, height = image.size
    if image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8):
        width, height = height, width
    return height, width, 1 if is_grey(image) else 3


def is_grey(image):
    """Whether the mode of a picture has no colour."""
    return image.mode in _GREY_MODES or image.mode.startswith("I;16")


def image_to_pixels(image, background=(255, 255, 255)):
    """Decode a PIL image of any mode to (height, width, 1 or 3), uint8 or float32 in 0..255."""
    image = ImageOps.exif_transpose(image)
    channels = 1 if is_grey(image) else 3
    pixels = array_to_pixels(_decoded(image), background=background)
    return convert_channels(pixels, channels)


def _decoded(image):
    """The values of a picture in a mode whose channels mean grey or RGB, and alpha."""
    mode = image.mode
    if mode == "LAB":
        image = _lab_to_rgb(image)
    elif mode in ("I", "F") or mode.startswith("I;16"):
        values = np.asarray(image)
        # Pillow hands 16-bit files out in either of these modes, depending on the format.
        if mode == "I" and values.min() >= 0 and values.max() <= 65535:
            values = values.astype(np.uint16)
        return values
    elif "transparency" in image.info and mode in ("1", "L", "P", "RGB"):
        image = image.convert("LA" if mode in ("1", "L") else "RGBA")
    elif mode in ("La", "LA"):
        image = image.convert("LA")
    elif mode in ("PA", "RGBa", "RGBA"):
        image = image.convert("RGBA")
    elif mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return np.asarray(image)


def _lab_to_rgb(image):
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
