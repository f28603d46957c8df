"""Texture: local binary patterns and co-occurrence of grey levels."""

from functools import cache

import numpy as np
from scipy.special import entr
from skimage.feature import graycomatrix

_PATTERNS = [(8, 1), (16, 2)]  # points on the circle, its radius in pixels
_FRACTION_BITS = 11  # squared and times 255 they still fit into 32 bits

_N_LEVELS = 32
_DISTANCES = [1, 3]
_ANGLES = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
_PROPERTIES = ["contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy"]
_LEVEL = np.arange(_N_LEVELS)
_GAP = np.abs(_LEVEL[:, np.newaxis] - _LEVEL).ravel()
# Row by row: contrast, dissimilarity and homogeneity are weighted sums of the matrix.
_WEIGHTS = np.stack([_GAP**2, _GAP, 1 / (1 + _GAP**2)])


def lbp_names(channels):
    """Names of the shares of the patterns: circle, then number of brighter neighbours."""
    return [
        f"p{points}r{radius}_{i:02d}" for points, radius in _PATTERNS for i in range(points + 2)
    ]


def measure_lbp(picture):
    """Shares of the rotation-invariant uniform patterns; those of one circle sum to 1."""
    shares = []
    for points, radius in _PATTERNS:
        codes = uniform_patterns(picture.grey_levels, points, radius)
        shares.append(np.bincount(codes.ravel(), minlength=points + 2) / codes.size)
    return np.concatenate(shares)


def uniform_patterns(levels, points, radius):
    """Rotation-invariant uniform local binary patterns.

    The circle is interpolated in integers. Floats would decide ties between a pixel and its
    neighbours by rounding, and so differently from one processor to another.

    Parameters
    ----------
    levels : ndarray of uint8 of shape (height, width)
        Grey levels; the border is continued with its own values.

    points : int
        Number of neighbours on the circle.

    radius : int
        Radius of the circle, in pixels.

    Returns
    -------
    codes : ndarray of uint8 of shape (height, width)
        The number of neighbours that are as bright or brighter, where these lie side by side on
        the circle; `points` + 1 elsewhere.
    """
    height, width = levels.shape
    center = levels.astype(np.int32) << (2 * _FRACTION_BITS)
    padded = np.pad(levels, radius, mode="edge").astype(np.int32)
    brighter, changes = np.zeros((2, height, width), dtype=np.uint8)
    previous = None
    for taps in _circle(points, radius):
        neighbour = sum(
            padded[row : row + height, column : column + width] * weight
            for row, column, weight in taps
        )
        bit = neighbour >= center
        brighter += bit
        if previous is not None:
            changes += bit != previous
        previous = bit
    # All around the circle their number is even: closing it makes 2 of 1, but never 3 of 2.
    return np.where(changes <= 2, brighter, np.uint8(points + 1))


@cache
def _circle(points, radius):
    """For each neighbour the (row, column, weight) of the pixels it is interpolated from."""
    one = 1 << _FRACTION_BITS
    circle = []
    for angle in 2 * np.pi * np.arange(points) / points:
        row, row_part = divmod(round((radius - radius * np.sin(angle)) * one), one)
        column, column_part = divmod(round((radius + radius * np.cos(angle)) * one), one)
        row_taps = [(row, one - row_part), (row + 1, row_part)]
        column_taps = [(column, one - column_part), (column + 1, column_part)]
        taps = [(r, c, np.int32(v * w)) for r, v in row_taps for c, w in column_taps if v * w]
        circle.append(taps)
    return circle


def glcm_names(channels):
    """Names of the co-occurrence properties: property, distance, mean or range."""
    return [
        f"{name}_d{distance}_{over}"
        for name in _PROPERTIES
        for distance in _DISTANCES
        for over in ("mean", "range")
    ]


def measure_glcm(picture):
    """Properties of the co-occurrence matrices: mean and range over four directions."""
    levels = picture.grey_levels // (256 // _N_LEVELS)
    matrix = graycomatrix(levels, _DISTANCES, _ANGLES, _N_LEVELS, symmetric=True, normed=True)
    # Where no two pixels are so far apart: as if all pairs were of one level.
    matrix[0, 0][matrix.sum(axis=(0, 1)) == 0] = 1
    values = _properties(matrix).reshape(-1, len(_ANGLES))
    return np.stack([values.mean(axis=1), np.ptp(values, axis=1)], axis=1).ravel()


def _properties(matrix):
    """Six properties, of shape (6, n_matrices), of symmetric matrices (levels, levels, ...)."""
    flat = matrix.reshape(_N_LEVELS**2, -1)
    contrast, dissimilarity, homogeneity = _WEIGHTS @ flat
    energy = np.sqrt(np.square(flat).sum(axis=0))
    entropy = entr(flat).sum(axis=0) / np.log(2)
    marginal = flat.reshape(_N_LEVELS, _N_LEVELS, -1).sum(axis=1)
    deviation = _LEVEL[:, np.newaxis] - _LEVEL @ marginal
    variance = (np.square(deviation) * marginal).sum(axis=0)
    # In a symmetric matrix contrast is 2 (variance - covariance).
    ratio = np.divide(contrast, 2 * variance, out=np.zeros_like(contrast), where=variance > 0)
    return np.stack([contrast, dissimilarity, homogeneity, energy, 1 - ratio, entropy])
