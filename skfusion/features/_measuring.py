"""Measuring: a conversion of an image to the values of its descriptors."""

from importlib.metadata import version

import numpy as np

from skfusion._utils.fingerprint import digest_text
from skfusion._utils.plain_data import plain_data
from skfusion.extraction._conversion import Conversion
from skfusion.features._descriptor_families import FAMILIES
from skfusion.features._prepared_image import PreparedImage
from skfusion.images._masks import call_mask, resize_mask
from skfusion.images._pixels import convert_channels, resize_pixels

# Raised when the same image would give other values than before: cached rows are not used then.
FORMAT = 3


@plain_data
class Measuring(Conversion):
    """Measure the descriptors of an image, in the thread that read it.

    Parameters
    ----------
    families : tuple of str
        The families of descriptors, in the order of their values.

    options : DescriptorOptions
        How they are measured.

    size : tuple (height, width) or None
        The size to which the image and its mask are resized. None measures each at its own size.

    mask : "otsu", "columns", callable or None
        Which pixels are measured; "columns" uses the mask that comes with the image.

    grayscale : bool, default=False
        Whether color is removed first.

    resample : str, default="bilinear"
        The interpolation, as in `ImageReader`.
    """

    def __init__(self, families, options, *, size, mask, grayscale=False, resample="bilinear"):
        self.families = families
        self.options = options
        self.size = size
        self.mask = mask
        self.grayscale = grayscale
        self.resample = resample

    @property
    def names(self):
        """List of str : The names of the values."""
        return [
            f"{family}_{name}"
            for family in self.families
            for name in FAMILIES[family].names(self.options)
        ]

    @property
    def decode_size(self):
        """Tuple or None : A mask doesn't fit an image that was decoded at reduced scale."""
        return None if self.mask == "columns" else self.size

    @property
    def fingerprint(self):
        """str or None : None if a function of the user decides what is measured."""
        if callable(self.mask):
            return None
        versions = [version("scikit-image")]
        if "wavelet" in self.families:
            versions.append(version("PyWavelets"))
        return digest_text(
            "Measuring",
            FORMAT,
            self.families,
            tuple(self.options),
            self.size,
            self.mask,
            self.grayscale,
            self.resample,
            versions,
        )

    def apply(self, pixels, mask=None):
        """Measure one image; see `Conversion.apply`."""
        size = pixels.shape[:2] if self.size is None else self.size
        if mask is None:
            mask = self.mask
        else:
            mask = resize_mask(mask, size)
        if self.grayscale:
            pixels = convert_channels(pixels, 1)
        pixels = resize_pixels(pixels, size, self.resample)
        pixels = convert_channels(pixels, self.options.channels)
        if callable(mask):
            mask = call_mask(mask, pixels)
        image = PreparedImage(pixels, mask, self.options)
        return np.concatenate([FAMILIES[family].measure(image) for family in self.families])
