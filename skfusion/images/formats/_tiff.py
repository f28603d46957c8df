"""TIFF files: Pillow decodes 8 bits and what needs colors converted, tifffile the rest."""

from contextlib import closing, contextmanager
from functools import cache
from importlib.util import find_spec

import numpy as np
from PIL import TiffImagePlugin

from skfusion.images.formats._codestream import read_codestream
from skfusion.images.formats._opened_image import OpenedImage
from skfusion.images.formats._orientation import ORIENTATION, is_sideways, turn_upright
from skfusion.images.formats._pillow import PillowImage
from skfusion.images.formats._pillow_opening import find_frame, refuse_large, refuse_large_tiles
from skfusion.images.formats._reasons import READ_ERRORS
from skfusion.images.formats._tiff_directory import read_directory
from skfusion.images.formats._tiff_layout import (
    FLOAT,
    SIGNED,
    UNSIGNED,
    TiffLayout,
    layout_to_pixels,
)

_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT, _DEPTH = 256, 257, 322, 323, 32997
_UNCOMPRESSED = 1
_JPEG = (7,)
_JPEG_2000 = (33003, 33005, 34712)
# LZW, deflate, PackBits, LZMA, ZSTD: what they may inflate to is known beforehand.
_BOUNDED = (_UNCOMPRESSED, 5, 8, 32946, 32773, 34925, 50000)
_NAMES = {
    2: "CCITT",
    3: "CCITT",
    4: "CCITT",
    5: "LZW",
    6: "old-style JPEG",
    7: "JPEG",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    34933: "PNG",
    34934: "JPEG XR",
    50000: "ZSTD",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
# A segment's header is within so many bytes.
_SEGMENT_HEAD = 1 << 16


@contextmanager
def open_tiff(file, options):
    """Open one page of a TIFF file.

    Parameters
    ----------
    file : binary file
        At its start.

    options : ReadOptions
        How to read it.

    Yields
    ------
    image : OpenedImage
        The header was read and checked.
    """
    directory = read_directory(file, lambda n_pages: find_frame(options.frame, n_pages))
    _check_sizes(directory, options.max_pixels)
    layout = TiffLayout.of_tags(directory.tags)
    by_tifffile = _has_known_colors(layout) and _is_decoded_by_tifffile(layout)
    if not (by_tifffile and layout.is_deep):
        try:
            opened = _open_with_pillow(file, directory, layout)
        except ValueError:
            if not by_tifffile:
                raise
        else:
            with closing(opened) as image:
                yield PillowImage(image, options)
            return
    yield TiffImage(file, directory, layout, options)


class TiffImage(OpenedImage):
    """A page that tifffile decodes: gray or RGB, of any depth.

    Parameters
    ----------
    file : binary file
        The whole file.

    directory : TiffDirectory
        The tags of the page.

    layout : TiffLayout
        What the samples mean.

    options : ReadOptions
        How to read it.
    """

    def __init__(self, file, directory, layout, options):
        self._file, self._directory = file, directory
        self._layout, self._options = layout, options

    def shape(self):
        """Return height, width and channels."""
        height, width = _size(self._directory)
        if is_sideways(self._directory.first(ORIENTATION)):
            height, width = width, height
        return height, width, self._layout.n_colors

    def read(self):
        """Decode the page, upright."""
        return layout_to_pixels(self.values(), self._layout, self._options)

    def facts(self):
        """Return the layout in place of a mode."""
        frames = self._directory.n_pages
        return {"format": "TIFF", "mode": self._layout.describe(), "frames": frames}

    @property
    def has_open_range(self):
        """bool : Whether the samples are floats or signed integers."""
        return self._layout.has_open_range

    def values(self):
        """Decode the samples: (height, width, n_samples), as they are stored."""
        from tifffile import TiffFileError  # imported on need: few images are decoded by it

        try:
            samples = self._decode()
        except TiffFileError as error:  # no ValueError in versions before 2025
            raise ValueError(str(error)) from error
        # tifffile's axes: plane, depth, height, width, samples that lie side by side.
        pixels = np.concatenate(list(samples[:, 0]), axis=-1)
        expected = (*_size(self._directory), self._layout.n_samples)
        if pixels.shape != expected:
            raise ValueError(f"its pixels have shape {pixels.shape}, not {expected} of its header")
        return turn_upright(pixels, self._directory.first(ORIENTATION))

    def _decode(self):
        """Return the samples with the axes of tifffile."""
        from tifffile import TiffFile

        self._file.seek(0)
        # No other files, which the metadata of a series may name.
        with TiffFile(self._file, _multifile=False) as tiff:
            page = tiff.pages[self._directory.index]
            if self._layout.compression in (*_JPEG, *_JPEG_2000):
                self._check_segments(page)
            return page.asarray(maxworkers=1).reshape(page.shaped)

    def _check_segments(self, page):
        """Refuse strips and tiles that hold a larger image than the header declares."""
        height, width = _size(self._directory)
        rows, columns = (page.tilelength, page.tilewidth) if page.is_tiled else (height, width)
        for offset, length in zip(page.dataoffsets, page.databytecounts, strict=False):
            if not length:
                continue
            self._file.seek(offset)
            found = read_codestream(self._file.read(min(length, _SEGMENT_HEAD)))
            if found is None or found.height > rows or found.width > columns:
                raise ValueError("a compressed strip or tile is damaged, or larger than it should")


def _size(directory):
    return int(directory.first(_HEIGHT, 0)), int(directory.first(_WIDTH, 0))


def _check_sizes(directory, max_pixels):
    height, width = _size(directory)
    if height < 1 or width < 1:
        raise ValueError("the TIFF file is damaged: it has no size")
    refuse_large(width, height, max_pixels)
    tile = [int(directory.first(tag, 0)) for tag in (_TILE_WIDTH, _TILE_HEIGHT)]
    refuse_large_tiles(*tile, max_pixels)
    if directory.first(_DEPTH, 1) != 1:
        raise ValueError("a TIFF page that is a volume isn't supported")


def _has_known_colors(layout):
    known = layout.sample_format in (UNSIGNED, SIGNED, FLOAT) and layout.n_colors > 0
    return known and 0 <= layout.n_samples - layout.n_colors <= 1


def _is_decoded_by_tifffile(layout):
    """Return whether tifffile decodes the samples, without taking memory beyond all bounds."""
    if not _has_imagecodecs():
        return layout.compression == _UNCOMPRESSED and layout.bits in (8, 16, 32, 64)
    return layout.compression in (*_BOUNDED, *_JPEG, *_JPEG_2000)


@cache
def _has_imagecodecs():
    return find_spec("imagecodecs") is not None


def _open_with_pillow(file, directory, layout):
    """Open the page with Pillow; ValueError names what is not supported."""
    file.seek(0)
    try:
        # Not by `Image.open`: the first page may be larger than the one that is read.
        image = TiffImagePlugin.TiffImageFile(file, "")
        image.seek(directory.index)
    except READ_ERRORS as error:
        raise ValueError(_unsupported(layout)) from error
    if layout.is_misread_by_pillow or (image.mode != "F" and layout.sample_format == FLOAT):
        image.close()
        raise ValueError(_unsupported(layout))
    return image


def _unsupported(layout):
    name = _NAMES.get(layout.compression, f"compression {layout.compression}")
    how = "uncompressed" if layout.compression == _UNCOMPRESSED else name
    remedy = ""
    if not _has_imagecodecs() and _has_known_colors(layout):
        remedy = "; it may be with imagecodecs: pip install 'skfusion[medical]'"
    return f"TIFF of {layout.describe()} ({how}) isn't supported{remedy}"
