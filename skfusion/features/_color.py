"""Color: moments and histogram of each channel."""

import numpy as np

from skfusion.features._first_order import moments

_BINS = 16
_CHANNELS = {1: ["gray"], 3: ["red", "green", "blue"]}


def color_names(options):
    """Return the names of the moments and of the bins of each channel."""
    parts = ["mean", "std", "skewness", *(f"hist_{i:02d}" for i in range(_BINS))]
    return [f"{channel}_{part}" for channel in _CHANNELS[options.channels] for part in parts]


def measure_color(image):
    """Measure mean, standard deviation, skewness and histogram of each channel in the region."""
    blocks = []
    for channel in range(image.pixels.shape[2]):
        values = image.in_region(image.pixels[..., channel]).astype(np.float64)
        levels = image.in_region(image.levels[..., channel])
        counts = np.bincount(levels, minlength=256).reshape(_BINS, -1).sum(axis=1)
        blocks.append([*moments(values)[:3], *(counts / levels.size)])
    return np.concatenate(blocks)
