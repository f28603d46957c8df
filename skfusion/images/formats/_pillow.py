"""From opened PIL images to pixels."""

import io
import struct

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from skfusion.images.formats._icc import to_srgb
from skfusion.images.sources._arrays import array_to_pixels, convert_channels

# Pillow signals a file that it can't read with nearly any of these, depending on the format.
READ_ERRORS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError)
READ_ERRORS += (AttributeError, OverflowError, MemoryError, NotImplementedError, RuntimeError)
READ_ERRORS += (
    ArithmeticError,
    struct.error,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    Warning,  # raised where the user turned warnings into errors
)

_GRAY_MODES = {"1", "L", "LA", "La", "I", "F"}
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
_SIDEWAYS = (5, 6, 7, 8)
_TIFF_WIDTH, _TIFF_HEIGHT = 0x0100, 0x0101
# Smaller JPEG files, in pixels, are decoded quickly as they are.
_LARGE = 1_000_000


def decode_at_scale(image, size, oversampling=2):
    """Let a JPEG file be decoded at a half, a quarter or an eighth of its size.

    Parameters
    ----------
    image : PIL image
        Not decoded yet.

    size : tuple (height, width)
        The size that it will be resized to, once it is upright.

    oversampling : int, default=2
        How many times `size` is decoded at least, so that resizing still has the say.

    Returns
    -------
    image : PIL image
        The same, or another.

    Notes
    -----
    libjpeg leaves out high frequencies (Pillow's draft mode).
    """
    if image.format not in ("JPEG", "MPO") or image.width * image.height < _LARGE:
        return image
    height, width = size
    if is_sideways(image):
        height, width = width, height
    answer = image.draft(None, (oversampling * width, oversampling * height))
    if answer is None or answer[1][2:] == image.size:
        return image
    # The last column and row stand for less than the others: bring all to equal widths, or what
    # is shown at the right and below would be out of place.
    whole = tuple(int(end) for end in answer[1][2:])
    return image.resize(whole, Image.Resampling.BICUBIC, box=answer[1])


def probe_image(image):
    """Height, width and channels (1 or 3) that `image_to_pixels` will give, from the header."""
    width, height = image.size
    if is_sideways(image):
        # Some versions of Pillow tell the size of a TIFF file as it will be once it is turned.
        stored = getattr(image, "tag_v2", {})
        width, height = stored.get(_TIFF_HEIGHT, height), stored.get(_TIFF_WIDTH, width)
    return height, width, 1 if is_gray(image) else 3


def is_sideways(image):
    """Whether height and width change places when an image is turned upright."""
    return _orientation(image) in _SIDEWAYS


def _orientation(image):
    """How an image has to be turned, from the header."""
    undecoded_png = isinstance(image, PngImagePlugin.PngImageFile) and image.tile
    if undecoded_png and "exif" not in image.info and not _tells_more_at_its_end(image):
        # Pillow's own method would decode the image, to see what comes after the pixels.
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


def is_gray(image):
    """Whether the mode of an image has no color."""
    return image.mode in _GRAY_MODES or image.mode.startswith("I;16")


def image_to_pixels(image, background=(255, 255, 255), icc="ignore"):
    """Decode a PIL image of any mode to (height, width, 1 or 3), uint8 or float32 in 0..255."""
    image = _upright(image)
    if icc == "srgb":
        image = to_srgb(image)
    channels = 1 if is_gray(image) else 3
    pixels = array_to_pixels(_decoded(image), background=background)
    return convert_channels(pixels, channels)


def _upright(image):
    """Turn an image as its header says.

    Pillow's `exif_transpose` also writes the header anew, which fails where other tags are odd.
    """
    image.load()
    turn = _TURNS.get(image.getexif().get(_ORIENTATION))
    return image if turn is None else image.transpose(turn)


def _decoded(image):
    """The values of an image in a mode whose channels mean gray or RGB, and alpha."""
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
        return _from_zero(values)
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


def _from_zero(values):
    """Where values lie below 0, the smallest becomes black and the largest white."""
    if values.dtype.kind == "u":
        return values
    low, high = float(values.min()), float(values.max())
    if not (low < 0 and np.isfinite([low, high]).all()):
        return values
    return ((values - low) / max(high - low, np.finfo(np.float32).tiny)).astype(np.float32)


def _lab_to_rgb(image):
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
