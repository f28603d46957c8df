"""Files, bytes and PIL images through Pillow."""

import io
import os
import stat
import struct

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin, UnidentifiedImageError

from skfusion.images._arrays import array_to_pixels, convert_channels

# Pillow signals a file that it can't read with nearly any of these, depending on the format.
READ_ERRORS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError)
READ_ERRORS += (AttributeError, OverflowError, MemoryError, NotImplementedError, RuntimeError)
READ_ERRORS += (
    ArithmeticError,
    struct.error,
    Image.DecompressionBombError,
    Warning,  # raised where the user turned warnings into errors
)

_GREY_MODES = {"1", "L", "LA", "La", "I", "F"}
# EXIF's and TIFF's number of the tag, and what has to be done for each of its values.
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TIFF_WIDTH, _TIFF_HEIGHT = 0x0100, 0x0101


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
    try:
        if image.format == "EPS":  # Pillow would run Ghostscript, a program, on it
            raise ValueError("EPS files are programs, not pictures; convert it to PNG")
        check_size(image, max_pixels)
    except ValueError:
        image.close()
        raise
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
    if _orientation(image) in (5, 6, 7, 8):
        # Some versions of Pillow tell the size of a TIFF file as it will be once it is turned.
        stored = getattr(image, "tag_v2", {})
        width, height = stored.get(_TIFF_HEIGHT, height), stored.get(_TIFF_WIDTH, width)
    return height, width, 1 if is_grey(image) else 3


def _orientation(image):
    """How a picture has to be turned, from the header."""
    undecoded_png = isinstance(image, PngImagePlugin.PngImageFile) and image.tile
    if undecoded_png and "exif" not in image.info and not _tells_more_at_its_end(image):
        # Pillow's own method would decode the picture, to see what comes after the pixels.
        return Image.Image.getexif(image).get(_ORIENTATION)
    return image.getexif().get(_ORIENTATION)


def _tells_more_at_its_end(png):
    """Whether metadata come after the pixels of a PNG file, as its standard allows."""
    file, position = png.fp, png.fp.tell()
    try:
        file.seek(png.tile[0][2] - 8)  # the header of the first chunk of pixels
        while True:
            header = file.read(8)
            if len(header) < 8 or header[4:] in (b"IEND", b"fcTL"):  # the end, the next frame
                return False
            if header[4:] in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
                return True
            file.seek(int.from_bytes(header[:4], "big") + 4, io.SEEK_CUR)  # data and checksum
    finally:
        file.seek(position)


def is_grey(image):
    """Whether the mode of a picture has no colour."""
    return image.mode in _GREY_MODES or image.mode.startswith("I;16")


def image_to_pixels(image, background=(255, 255, 255)):
    """Decode a PIL image of any mode to (height, width, 1 or 3), uint8 or float32 in 0..255."""
    image = _upright(image)
    channels = 1 if is_grey(image) else 3
    pixels = array_to_pixels(_decoded(image), background=background)
    return convert_channels(pixels, channels)


def _upright(image):
    """Turn a picture as its header says.

    Pillow's `exif_transpose` also writes the header anew, which fails where other tags are odd.
    """
    image.load()
    turn = _TURNS.get(image.getexif().get(_ORIENTATION))
    return image if turn is None else image.transpose(turn)


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
        if values.dtype.kind == "u" and "transparency" in image.info:
            opaque = values != image.info["transparency"]
            values = np.stack([values, opaque * values.dtype.type(65535)], axis=-1)
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
