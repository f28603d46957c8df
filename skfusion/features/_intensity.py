"""First-order statistics: how bright a picture is and how its values are spread."""

import numpy as np
from scipy.special import entr

from skfusion.features._picture import histogram

_STATISTICS = [
    "mean",
    "std",
    "skewness",
    "kurtosis",
    "minimum",
    "p10",
    "median",
    "p90",
    "maximum",
    "interquartile_range",
    "entropy",
    "uniformity",
]
_ENTROPY_BINS = 32
_COLOR_BINS = 16
_CHANNELS = {1: ["gray"], 3: ["red", "green", "blue"]}
# A spread below this, in grey levels, is rounding: the picture is flat.
_FLAT = 1e-3


def intensity_names(channels):
    """Names of the statistics of the grey values."""
    return list(_STATISTICS)


def measure_intensity(picture):
    """Statistics of the grey values; skewness and kurtosis of a flat picture are 0."""
    values = picture.grey.ravel().astype(np.float64)
    mean, std = values.mean(), values.std()
    skewness = kurtosis = 0.0
    if std > _FLAT:
        squares = np.square(standard := (values - mean) / std)
        skewness = (squares * standard).mean()
        kurtosis = np.square(squares).mean() - 3
    low, p10, p25, median, p75, p90, high = np.percentile(values, [0, 10, 25, 50, 75, 90, 100])
    shares = histogram(picture.grey_levels, _ENTROPY_BINS)
    entropy, uniformity = entr(shares).sum() / np.log(2), np.square(shares).sum()
    order = [low, p10, median, p90, high, p75 - p25]
    return np.array([mean, std, skewness, kurtosis, *order, entropy, uniformity])


def color_names(channels):
    """Names of the statistics of each channel."""
    parts = ["mean", "std", *(f"hist_{i:02d}" for i in range(_COLOR_BINS))]
    return [f"{channel}_{part}" for channel in _CHANNELS[channels] for part in parts]


def measure_color(picture):
    """Mean, standard deviation and histogram of each channel."""
    blocks = []
    for channel in range(picture.pixels.shape[2]):
        values = picture.pixels[..., channel].astype(np.float64)
        shares = histogram(picture.levels[..., channel], _COLOR_BINS)
        blocks.append([values.mean(), values.std(), *shares])
    return np.concatenate(blocks)
