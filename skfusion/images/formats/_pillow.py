"""PillowImage: images that Pillow decodes."""

import io

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from skfusion.images._pixels import array_to_pixels, composite, convert_channels, scale_to_pixels
from skfusion.images.formats._draft import decode_at_scale
from skfusion.images.formats._icc import to_srgb
from skfusion.images.formats._opened_image import OpenedImage
from skfusion.images.formats._orientation import ORIENTATION, is_sideways
from skfusion.images.formats._tiff_layout import BITS, TiffLayout, layout_to_pixels

_GRAY_MODES = {"1", "L", "LA", "La", "I", "F"}
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
# Pillow decodes 16 bits of these formats to mode "I", which has 32.
_16_BITS = {"PNG", "PPM", "JPEG2000"}


class PillowImage(OpenedImage):
    """A PIL image.

    Parameters
    ----------
    image : PIL image
        At the frame to be read.

    options : ReadOptions
        How to read it.

    is_shared : bool, default=False
        Whether the image is the user's own, and has to stay as it is.
    """

    def __init__(self, image, options, is_shared=False):
        self._image, self._options, self._is_shared = image, options, is_shared
        self._layout = _layout_of(image)

    def shape(self):
        """Return height, width and channels."""
        width, height = self._image.size
        if is_sideways(_orientation(self._image)):
            # Some versions of Pillow give the size of a TIFF file as it will be once it is turned.
            stored = getattr(self._image, "tag_v2", {})
            width, height = stored.get(_TIFF_HEIGHT, height), stored.get(_TIFF_WIDTH, width)
        return height, width, 1 if _is_gray(self._image) else 3

    def read(self):
        """Decode the image, upright."""
        options, image = self._options, self._image
        if options.size is not None and not self._is_shared:
            image = decode_at_scale(image, options.size)
        image = _upright(image)
        if self._layout is not None:
            return layout_to_pixels(np.asarray(image)[..., np.newaxis], self._layout, options)
        if options.icc == "srgb":
            image = to_srgb(image)
        channels = 1 if _is_gray(image) else 3
        if _has_deep_mode(image):
            return _deep_pixels(image, options)
        pixels = array_to_pixels(_decoded(image), background=options.background)
        return convert_channels(pixels, channels)

    def facts(self):
        """Return format, mode and frames."""
        image = self._image
        return {
            "format": image.format or "PIL image",
            "mode": image.mode,
            "frames": getattr(image, "n_frames", 1),
        }

    @property
    def has_open_range(self):
        """bool : Whether the image holds floats or integers of 32 bits."""
        if self._layout is not None:
            return self._layout.has_open_range
        return self._image.mode == "F" or (self._image.mode == "I" and not _is_16_bit(self._image))

    def values(self):
        """Decode the values as they are stored."""
        return np.asarray(_upright(self._image))


def _layout_of(image):
    """Return the layout of a TIFF file of more than 8 bits; None for other images."""
    tags = getattr(image, "tag_v2", None)
    if image.format != "TIFF" or tags is None:
        return None
    if _has_deep_mode(image):
        return TiffLayout.of_tags(tags)
    if tags.get(BITS, 8) != 8 and TiffLayout.of_tags(tags).is_misread_by_pillow:
        raise ValueError("Pillow can't decode planes of 16 bits; pass the path, not the PIL image")
    return None


def _orientation(image):
    """Return how an image has to be turned, from the header."""
    undecoded_png = isinstance(image, PngImagePlugin.PngImageFile) and image.tile
    if undecoded_png and "exif" not in image.info and not _has_metadata_at_its_end(image):
        # Pillow's own method would decode the image, to see what comes after the pixels.
        return Image.Image.getexif(image).get(ORIENTATION)
    return image.getexif().get(ORIENTATION)


def _has_metadata_at_its_end(png):
    """Return whether metadata come after the pixels of a PNG file, as its standard allows."""
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


def _is_gray(image):
    """Return whether the mode of an image has no color."""
    return image.mode in _GRAY_MODES or image.mode.startswith("I;16")


def _has_deep_mode(image):
    """Return whether the mode of an image has more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _is_16_bit(image):
    return image.format in _16_BITS


def _upright(image):
    """Turn an image upright, by its header.

    Pillow's `exif_transpose` also writes the header again, which fails where other tags are odd.
    """
    image.load()
    turn = _TURNS.get(image.getexif().get(ORIENTATION))
    return image if turn is None else image.transpose(turn)


def _decoded(image):
    """Return the values of an image in a mode whose channels mean gray or RGB, and alpha."""
    mode = image.mode
    if mode == "LAB":
        image = _lab_to_rgb(image)
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


def _deep_pixels(image, options):
    """Return the pixels of an image with more than 8 bits."""
    values = np.asarray(image)[..., np.newaxis]
    if image.mode == "I" and _is_16_bit(image):
        values = values.astype(np.uint16)
    pixels = scale_to_pixels(values, options.value_range)
    if values.dtype.kind == "u" and "transparency" in image.info:
        alpha = (values != image.info["transparency"]) * np.float32(255)
        pixels = composite(np.concatenate([pixels, alpha], axis=-1), options.background)
    return pixels


def _lab_to_rgb(image):
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
