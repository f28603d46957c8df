"""Resizing: a conversion to images of one size."""

from dataclasses import dataclass
from typing import Any

from skfusion._utils.fingerprint import digest_text
from skfusion._utils.plain_data import plain_data
from skfusion.exceptions import ImageError
from skfusion.extraction._center_crop import crop_box
from skfusion.extraction._conversion import Conversion
from skfusion.images._pixels import convert_channels, resize_pixels


@plain_data
@dataclass(frozen=True)
class Resizing(Conversion):
    """Resize images to one shape, or crop their center to it.

    Parameters
    ----------
    shape : tuple (height, width, channels)
        The shape of the converted image.

    grayscale : bool, default=False
        Whether color is removed first. Three channels then hold equal values.

    resample : str, default="bilinear"
        The interpolation, as in `ImageReader`.

    fixed_size : bool, default=False
        Whether an image of another height or width is an error instead of being resized.

    decode_size : tuple (height, width) or None, default=None
        The size that large images may be decoded at. None decodes them whole.

    crop_fraction : float or None, default=None
        None stretches the image to the shape. A number in (0, 1] keeps its proportions: the center
        is cut out, with this part of the shorter side.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.extraction._resizing import Resizing
    >>> Resizing((4, 6, 3)).apply(np.zeros((8, 8, 1), dtype="uint8")).shape
    (4, 6, 3)
    """

    shape: tuple[Any, ...]
    grayscale: bool = False
    resample: str = "bilinear"
    fixed_size: bool = False
    decode_size: tuple[Any, ...] | None = None
    crop_fraction: float | None = None

    @property
    def fingerprint(self):
        """str : Identifies everything that changes the converted image."""
        # The extractor's fingerprint covers the shape that it computes on.
        return digest_text(
            "Resizing", self.grayscale, self.resample, self.fixed_size, self.crop_fraction
        )

    def apply(self, pixels, mask=None):
        """Resize one image; see `Conversion.apply`."""
        height, width, channels = self.shape
        if self.fixed_size and pixels.shape[:2] != (height, width):
            raise ImageError(
                f"{pixels.shape[0]} x {pixels.shape[1]} pixels where fit saw {height} x {width}; "
                "pass image_size=(height, width) to resize every image"
            )
        if self.grayscale:
            pixels = convert_channels(pixels, 1)
        box = self.kept_box(pixels.shape[:2])
        resized = resize_pixels(pixels, (height, width), self.resample, box)
        return convert_channels(resized, channels)

    def kept_box(self, shape):
        """Return the part of an image of this height and width that is kept.

        Parameters
        ----------
        shape : tuple (height, width)
            The size of the image.

        Returns
        -------
        box : tuple (left, top, right, bottom) or None
            In pixels of the image, which may be fractions; None keeps all of it.
        """
        if self.crop_fraction is None:
            return None
        return crop_box(shape, self.shape[:2], self.crop_fraction)


def resample_of(reader):
    """Return the interpolation of a reader; objects that only read like one may have none."""
    return getattr(reader, "resample", "bilinear")
