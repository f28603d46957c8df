"""Local binary patterns: comparisons of pixels with their neighbors."""

from functools import cache

import numpy as np

_PATTERNS = [(8, 1), (16, 2)]  # points on the circle, its radius in pixels
_FRACTION_BITS = 11  # squared and times 255 they still fit into 32 bits


def lbp_names(options):
    """Return the names of the shares of the patterns: circle, then number of brighter neighbors."""
    return [
        f"p{points}r{radius}_{i:02d}" for points, radius in _PATTERNS for i in range(points + 2)
    ]


def measure_lbp(image):
    """Measure the shares of the rotation-invariant uniform patterns."""
    shares = []
    for points, radius in _PATTERNS:
        codes = image.in_region(uniform_patterns(image.gray_levels, points, radius))
        shares.append(np.bincount(codes, minlength=points + 2) / codes.size)
    return np.concatenate(shares)


def uniform_patterns(levels, points, radius):
    """Compute rotation-invariant uniform local binary patterns.

    The circle is interpolated in integers. Floats would decide ties between a pixel and its
    neighbors by rounding, and so differently from one processor to another.

    Parameters
    ----------
    levels : ndarray of uint8 of shape (height, width)
        Gray levels; the border is continued with its own values.

    points : int
        Number of neighbors on the circle.

    radius : int
        Radius of the circle, in pixels.

    Returns
    -------
    codes : ndarray of uint8 of shape (height, width)
        The number of neighbors that are as bright or brighter, where these are adjacent on
        the circle; `points` + 1 elsewhere.
    """
    height, width = levels.shape
    center = levels.astype(np.int32) << (2 * _FRACTION_BITS)
    padded = np.pad(levels, radius, mode="edge").astype(np.int32)
    brighter, changes = np.zeros((2, height, width), dtype=np.uint8)
    previous = None
    for taps in _circle(points, radius):
        neighbor = sum(
            padded[row : row + height, column : column + width] * weight
            for row, column, weight in taps
        )
        bit = neighbor >= center
        brighter += bit
        if previous is not None:
            changes += bit != previous
        previous = bit
    # All around the circle their number is even: closing it makes 2 of 1, but never 3 of 2.
    return np.where(changes <= 2, brighter, np.uint8(points + 1))


@cache
def _circle(points, radius):
    """Return, for each neighbor, (row, column, weight) of the pixels it is interpolated from."""
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
