"""Co-occurrence of gray levels: the frequencies of pairs of neighboring levels."""

import numpy as np
from scipy.special import entr

# To the right, down right, down and down left: the other four are these backwards.
_DIRECTIONS = [(0, 1), (1, 1), (1, 0), (1, -1)]
_PROPERTIES = [
    "joint_maximum",
    "joint_average",
    "joint_variance",
    "joint_entropy",
    "difference_variance",
    "difference_entropy",
    "sum_entropy",
    "angular_second_moment",
    "contrast",
    "dissimilarity",
    "inverse_difference",
    "normalized_inverse_difference",
    "inverse_difference_moment",
    "normalized_inverse_difference_moment",
    "inverse_variance",
    "correlation",
    "autocorrelation",
    "cluster_tendency",
    "cluster_shade",
    "cluster_prominence",
    "information_correlation_1",
    "information_correlation_2",
]


def glcm_names(options):
    """Return the names of the co-occurrence properties: property, distance, mean or range."""
    return [
        f"{name}_d{distance}_{over}"
        for name in _PROPERTIES
        for distance in options.distances
        for over in ("mean", "range")
    ]


def measure_glcm(image):
    """Measure the co-occurrence matrices: mean and range of properties over four directions."""
    options = image.options
    matrices = [
        cooccurrence(image.bins, distance * down, distance * right, options.levels)
        for distance in options.distances
        for down, right in _DIRECTIONS
    ]
    values = np.array(_properties(np.stack(matrices)))
    values = values.reshape(len(_PROPERTIES), len(options.distances), len(_DIRECTIONS))
    return np.stack([values.mean(axis=2), np.ptp(values, axis=2)], axis=2).ravel()


# scikit-image's matrices support no mask, and round diagonal distances where IBSI counts steps.
def cooccurrence(bins, down, right, count):
    """Count which levels are one step apart, in both directions, as shares of all pairs.

    Parameters
    ----------
    bins : ndarray of int of shape (height, width)
        Levels from 1 to `count`; pairs with a 0, which is outside the region, don't count.

    down, right : int
        The step, in pixels; `right` may be negative.

    count : int
        The number of levels.

    Returns
    -------
    matrix : ndarray of shape (count, count)
        Symmetric, with the sum 1. Where there is no pair, as if all were of the lowest level.
    """
    height, width = bins.shape
    first = bins[: max(height - down, 0), max(-right, 0) : max(width - right, 0)]
    second = bins[down:, max(right, 0) : max(width + right, 0)]
    codes = first * (count + 1) + second
    pairs = np.bincount(codes.ravel(), minlength=(count + 1) ** 2)
    pairs = pairs.reshape(count + 1, count + 1)[1:, 1:]
    total = pairs.sum()
    if total == 0:
        pairs = np.zeros((count, count))
        pairs[0, 0] = total = 1
    return (pairs + pairs.T) / (2 * total)


def _properties(matrices):
    """Compute the properties of symmetric matrices (n, levels, levels), in the order of names."""
    count = matrices.shape[1]
    level = np.arange(1, count + 1)
    marginal = matrices.sum(axis=2)
    mean = marginal @ level
    deviation = level - mean[:, np.newaxis]
    variance = (np.square(deviation) * marginal).sum(axis=1)
    marginal_entropy, joint_entropy = _entropy(marginal), _entropy(matrices)
    gap, total = np.arange(count), np.arange(2, 2 * count + 1)
    gaps = _distribution(matrices, np.abs(level[:, np.newaxis] - level), count)
    totals = _distribution(matrices, level[:, np.newaxis] + level - 2, 2 * count - 1)
    contrast, dissimilarity = gaps @ gap**2, gaps @ gap
    around = total - 2 * mean[:, np.newaxis]
    surplus = 2 * marginal_entropy - joint_entropy  # the mutual information of a pair
    return [
        matrices.max(axis=(1, 2)),
        mean,
        variance,
        joint_entropy,
        contrast - dissimilarity**2,
        _entropy(gaps),
        _entropy(totals),
        np.square(matrices).sum(axis=(1, 2)),
        contrast,
        dissimilarity,
        gaps @ (1 / (1 + gap)),
        gaps @ (1 / (1 + gap / count)),
        gaps @ (1 / (1 + gap**2)),
        gaps @ (1 / (1 + (gap / count) ** 2)),
        gaps[:, 1:] @ (1 / gap[1:] ** 2),
        1 - _quotient(contrast, 2 * variance),  # of a symmetric matrix
        variance + mean**2 - contrast / 2,
        (around**2 * totals).sum(axis=1),
        (around**3 * totals).sum(axis=1),
        (around**4 * totals).sum(axis=1),
        -_quotient(surplus, marginal_entropy),
        np.sqrt(1 - np.exp(-2 * surplus.clip(0))),
    ]


def _distribution(matrices, index, size):
    """Sum each matrix over the entries of one index, to the shape (n, size)."""
    shifted = np.arange(len(matrices))[:, np.newaxis] * size + index.ravel()
    sums = np.bincount(shifted.ravel(), weights=matrices.ravel(), minlength=len(matrices) * size)
    return sums.reshape(len(matrices), size)


def _entropy(shares):
    """Compute the entropy of each entry of the first axis, in bits."""
    return entr(shares.reshape(len(shares), -1)).sum(axis=1) / np.log(2)


def _quotient(part, whole):
    """Divide; return 0 where `whole` is 0, which means that there is one level."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 1e-12)
