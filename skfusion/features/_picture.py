"""Picture: one picture in the forms that the descriptors measure."""

from functools import cached_property

import numpy as np

from skfusion.images._arrays import convert_channels


class Picture:
    """Pixels, grey values and whole grey levels of one picture; each form is made once.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 1 or 3), uint8 or float32
        White is 255. Floats may lie beyond 0..255.
    """

    def __init__(self, pixels):
        self.pixels = pixels

    @cached_property
    def grey(self):
        """Grey values of shape (height, width), as they are: beyond 0..255 too."""
        return convert_channels(self.pixels, 1)[..., 0]

    @cached_property
    def levels(self):
        """Whole levels, uint8, of shape (height, width, channels)."""
        return to_levels(self.pixels)

    @cached_property
    def grey_levels(self):
        """Whole levels of the grey values, uint8, of shape (height, width)."""
        return to_levels(self.grey)


def to_levels(values):
    """Clip to 0..255 and round to whole levels.

    Rounding also takes away what float arithmetic leaves on flat areas, where the direction of a
    gradient and the sign of a difference would otherwise be noise.
    """
    if values.dtype == np.uint8:
        return values
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def histogram(levels, n_bins):
    """Share of the pixels in each of `n_bins` equal bins over 0..255; they sum to 1."""
    counts = np.bincount(levels.ravel(), minlength=256)
    return counts.reshape(n_bins, -1).sum(axis=1) / levels.size
