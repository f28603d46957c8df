"""TiffLayout: type and meaning of the samples of a TIFF file, from its header."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.images._pixels import composite, scale_integers, scale_to_pixels

# Numbers of tags.
BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR = 258, 259, 262, 277, 284
EXTRA_SAMPLES, SAMPLE_FORMAT, NODATA = 338, 339, 42113
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_GRAY = (WHITE_IS_ZERO, BLACK_IS_ZERO)
_PREMULTIPLIED, _ALPHA = 1, 2
_UNCOMPRESSED, _SEPARATE = 1, 2
_PHOTOMETRICS = {
    0: "white is zero",
    1: "black is zero",
    2: "RGB",
    3: "palette",
    4: "mask",
    5: "CMYK",
    6: "YCbCr",
    8: "CIELAB",
    9: "ICCLAB",
    10: "ITULAB",
    32803: "color filter array",
    32844: "LogL",
    32845: "LogLuv",
    34892: "linear raw",
    51177: "depth",
}


@dataclass(frozen=True)
class TiffLayout:
    """Type and meaning of the samples of one page.

    Parameters
    ----------
    bits : int
        Bits a sample.

    sample_format : int
        1 for unsigned integers, 2 for signed ones, 3 for floats.

    photometric : int
        What the samples mean.

    n_samples : int
        Samples a pixel.

    extra : tuple of int
        What the samples mean that are not colors.

    planar : int
        1 where the samples of a pixel lie side by side, 2 where each has a plane.

    compression : int
        The method of compression.

    nodata : float or None, default=None
        The value of pixels that were not measured, as GDAL writes it.
    """

    bits: int
    sample_format: int
    photometric: int
    n_samples: int
    extra: tuple[Any, ...]
    planar: int
    compression: int
    nodata: float | None = None

    @classmethod
    def of_tags(cls, tags):
        """Read the layout from a dict of tags; ValueError where samples differ."""
        n_samples = int(_first(tags.get(SAMPLES, 1)))
        return cls(
            int(_common(tags.get(BITS, 1), "bits")),
            int(_common(tags.get(SAMPLE_FORMAT, UNSIGNED), "formats")),
            int(_first(tags.get(PHOTOMETRIC, BLACK_IS_ZERO))),
            n_samples,
            _as_tuple(tags.get(EXTRA_SAMPLES, ())),
            int(_first(tags.get(PLANAR, 1))),
            int(_first(tags.get(COMPRESSION, _UNCOMPRESSED))),
            _nodata(tags.get(NODATA)),
        )

    @property
    def n_colors(self):
        """int : 1 or 3; 0 where the samples are neither gray nor RGB."""
        return 1 if self.photometric in _GRAY else 3 if self.photometric == RGB else 0

    @property
    def has_open_range(self):
        """bool : Whether the samples are floats or signed integers."""
        return self.sample_format in (SIGNED, FLOAT)

    @property
    def is_deep(self):
        """bool : Whether the samples are other than unsigned integers of up to 8 bits."""
        return self.bits not in (1, 2, 4, 8) or self.has_open_range

    @property
    def is_misread_by_pillow(self):
        """bool : Whether Pillow takes planes for pixels."""
        several = self.planar == _SEPARATE and self.n_samples > 1
        return several and self.bits > 8 and self.compression == _UNCOMPRESSED

    @property
    def alpha(self):
        """int or None : The meaning of the sample after the colors, if it is an alpha."""
        extra = self.extra or (_ALPHA,)  # without a tag, Pillow takes the fourth sample for one
        if self.n_samples <= self.n_colors or extra[0] not in (_PREMULTIPLIED, _ALPHA):
            return None
        return extra[0]

    def describe(self):
        """Return a few words about the samples."""
        meaning = _PHOTOMETRICS.get(self.photometric, f"photometric {self.photometric}")
        kind = {SIGNED: " signed", FLOAT: " float"}.get(self.sample_format, "")
        return f"{self.n_samples} sample(s) of {self.bits}{kind} bits, {meaning}"


def layout_to_pixels(values, layout, options):
    """Turn samples into pixels.

    Parameters
    ----------
    values : ndarray of shape (height, width, n_samples)
        The samples as they are stored; upright.

    layout : TiffLayout
        What they mean: gray or RGB.

    options : ReadOptions
        What is black and white, and the background.

    Returns
    -------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        In 0..255.
    """
    values = _as_stored(values, layout)
    missing = _find_missing(values, layout)
    if missing is not None:
        values = np.where(missing, values[~missing].min(), values)
    n_colors, alpha = layout.n_colors, layout.alpha
    values = values[..., : n_colors + (alpha is not None)]
    if layout.has_open_range:
        pixels = scale_to_pixels(values, options.value_range)
    elif options.given_range is not None and layout.bits > 8:
        pixels = options.given_range.to_pixels(values)
    else:
        pixels = scale_integers(values, 2**layout.bits - 1)
    if layout.photometric == WHITE_IS_ZERO:
        pixels = np.concatenate([255 - pixels[..., :1], pixels[..., 1:]], axis=-1)
    if alpha is not None:
        pixels = composite(
            _divided(pixels) if alpha == _PREMULTIPLIED else pixels, options.background
        )
    if missing is not None:
        pixels = np.where(missing.any(axis=2, keepdims=True), pixels.dtype.type(0), pixels)
    return pixels


def _as_stored(values, layout):
    """Undo that Pillow takes unsigned integers of 32 bits for signed ones."""
    if layout.sample_format == UNSIGNED and values.dtype == np.int32 and layout.bits == 32:
        return values.view(np.uint32)
    return values


def _find_missing(values, layout):
    """Return where no value was measured; None where all were."""
    if layout.nodata is None:
        return None
    missing = np.isnan(values) if np.isnan(layout.nodata) else values == layout.nodata
    if missing.all():
        raise ValueError(f"all of its pixels have the value of no data, {layout.nodata:g}")
    return missing if missing.any() else None


def _divided(pixels):
    """Return colors that were multiplied by alpha as they were before."""
    alpha = pixels[..., -1:].astype(np.float32)
    colors = pixels[..., :-1] * (255 / np.maximum(alpha, 1e-6))
    return np.concatenate([np.clip(colors, 0, 255), alpha], axis=-1).astype(np.float32)


def _first(value):
    return value[0] if isinstance(value, (tuple, list)) else value


def _as_tuple(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _common(value, what):
    values = set(_as_tuple(value))
    if len(values) != 1:
        raise ValueError(
            f"TIFF with different {what} of its samples, {sorted(values)}, isn't supported"
        )
    return values.pop()


def _nodata(value):
    """Return GDAL's value of no data, which is text."""
    try:
        return None if value is None else float(str(_first(value)).strip(" \0"))
    except ValueError:
        return None
