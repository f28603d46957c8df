"""PreparedImage: one image in the forms that the descriptors measure."""

from functools import cached_property

import numpy as np

from skfusion.features._descriptor_options import DescriptorOptions
from skfusion.features._otsu import find_foreground
from skfusion.images._pixels import convert_channels

# A spread below this, in gray levels, is rounding: the image is flat.
FLAT = 1e-3


class PreparedImage:
    """Pixels, gray values, levels and region of one image, each computed once.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        White is 255. Floats may be outside 0..255.

    mask : ndarray of bool of shape (height, width), "otsu" or None, default=None
        What is measured: the pixels that are True, the foreground, or the whole image.

    options : DescriptorOptions, default=DescriptorOptions()
        How it is measured.
    """

    def __init__(self, pixels, mask=None, options=DescriptorOptions()):  # noqa: B008 it is immutable
        self.pixels = pixels
        self.mask = mask
        self.options = options

    @cached_property
    def gray(self):
        """Gray values of shape (height, width), as they are: beyond 0..255 too."""
        return convert_channels(self.pixels, 1)[..., 0]

    @cached_property
    def levels(self):
        """Whole levels, uint8, of shape (height, width, channels)."""
        return to_levels(self.pixels)

    @cached_property
    def gray_levels(self):
        """Whole levels of the gray values, uint8, of shape (height, width)."""
        return to_levels(self.gray)

    @cached_property
    def region(self):
        """The mask of what is measured; None where it is the whole image."""
        if isinstance(self.mask, str):
            return self._otsu
        return None if self.mask is None or self.mask.all() else self.mask

    @cached_property
    def foreground(self):
        """The mask whose shape is measured; None where an image of one level has none."""
        return self.mask if isinstance(self.mask, np.ndarray) else self._otsu

    @cached_property
    def _otsu(self):
        return find_foreground(self.gray_levels)

    @cached_property
    def values(self):
        """The gray values of the region, float64."""
        return self.in_region(self.gray).astype(np.float64)

    @cached_property
    def bins(self):
        """Gray levels from 1 to `options.levels` in the region, 0 outside, (height, width)."""
        count = self.options.levels
        if self.options.gray_range == "full":
            bins = self.gray_levels.astype(np.int32) * count // 256 + 1
        else:
            bins = self._bins_of_its_own_range(count)
        if self.region is not None:
            bins[~self.region] = 0
        return bins

    def _bins_of_its_own_range(self, count):
        low, high = self.values.min(), self.values.max()
        if high - low <= FLAT:
            return np.ones(self.gray.shape, dtype=np.int32)
        bins = np.floor(count * (self.gray.astype(np.float64) - low) / (high - low))
        return bins.clip(0, count - 1).astype(np.int32) + 1

    def in_region(self, plane):
        """Return the measured entries of a plane of shape (height, width), as a vector."""
        return plane.ravel() if self.region is None else plane[self.region]


def to_levels(values):
    """Clip to 0..255 and round to whole levels.

    Rounding also removes what float arithmetic leaves on flat areas, where the direction of a
    gradient and the sign of a difference would otherwise be noise.
    """
    if values.dtype == np.uint8:
        return values
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)
