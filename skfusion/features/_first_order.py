"""First-order statistics: the distribution of the gray values."""

import numpy as np
from scipy.special import entr

from skfusion.features._prepared_image import FLAT

_STATISTICS = [
    "mean",
    "std",
    "variance",
    "skewness",
    "kurtosis",
    "minimum",
    "p10",
    "median",
    "p90",
    "maximum",
    "interquartile_range",
    "range",
    "mean_absolute_deviation",
    "robust_mean_absolute_deviation",
    "median_absolute_deviation",
    "coefficient_of_variation",
    "quartile_coefficient_of_dispersion",
    "energy",
    "root_mean_square",
    "entropy",
    "uniformity",
]


def intensity_names(options):
    """Return the names of the statistics of the gray values."""
    return list(_STATISTICS)


def measure_intensity(image):
    """Measure statistics of the gray values of the region."""
    values = image.values
    mean, std, skewness, kurtosis = moments(values)
    low, p10, p25, median, p75, p90, high = np.percentile(values, [0, 10, 25, 50, 75, 90, 100])
    middle = values[(values >= p10) & (values <= p90)]
    energy = np.square(values).sum()
    bins = image.in_region(image.bins)
    shares = np.bincount(bins, minlength=image.options.levels + 1) / bins.size
    return np.array(
        [
            *(mean, std, std**2, skewness, kurtosis),
            *(low, p10, median, p90, high, p75 - p25, high - low),
            np.abs(values - mean).mean(),
            np.abs(middle - middle.mean()).mean() if middle.size else 0.0,
            np.abs(values - median).mean(),
            _ratio(std, mean),
            _ratio(p75 - p25, p75 + p25),
            energy,
            np.sqrt(energy / values.size),
            entr(shares).sum() / np.log(2),
            np.square(shares).sum(),
        ]
    )


def moments(values):
    """Compute mean, standard deviation, skewness and excess kurtosis, the last two 0 if flat."""
    mean, std = values.mean(), values.std()
    if std <= FLAT:
        return mean, std, 0.0, 0.0
    squares = np.square(standard := (values - mean) / std)
    return mean, std, (squares * standard).mean(), np.square(squares).mean() - 3


def _ratio(part, whole):
    return part / whole if whole else 0.0
