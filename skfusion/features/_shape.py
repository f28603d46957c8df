"""Shape: the outline of the foreground."""

from itertools import pairwise

import numpy as np

_PROPERTIES = ["area_fraction", "perimeter", "compactness", "eccentricity", "solidity", "extent"]
_N_HU = 7
_N_VALUES = len(_PROPERTIES) + _N_HU
# Hu moments whose logarithm to base 10 is below this are rounding errors of a symmetric shape.
_HU_FLOOR = -12


def shape_names(options):
    """Return the names of the properties of the foreground."""
    return [*_PROPERTIES, *(f"hu_{i + 1}" for i in range(_N_HU))]


def measure_shape(image):
    """Measure properties of the foreground; all 0 where an image of one gray level has none."""
    from skfusion.features._skimage import (
        moments_central,
        moments_hu,
        moments_normalized,
        perimeter_crofton,
    )

    mask = image.foreground
    if mask is None:
        return np.zeros(_N_VALUES)
    height, width = mask.shape
    rows, columns = mask.sum(axis=1), mask.sum(axis=0)
    area, perimeter = rows.sum(), perimeter_crofton(mask, directions=4)
    moments = moments_central(mask.astype(np.float64), order=3)
    properties = [
        area / mask.size,
        perimeter / (2 * (height + width)),
        4 * np.pi * area / perimeter**2,
        _eccentricity(moments),
        area / _hull_area(mask),
        area / (_span(rows) * _span(columns)),
    ]
    hu = moments_hu(moments_normalized(moments))
    return np.array([*properties, *_log_scaled(hu)])


def _eccentricity(moments):
    """Compute the eccentricity of the ellipse with the second moments of the foreground.

    Each pixel counts as a square, not as a point, so that a line of pixels has a width.
    """
    spread_rows = moments[2, 0] / moments[0, 0] + 1 / 12
    spread_columns = moments[0, 2] / moments[0, 0] + 1 / 12
    middle = (spread_rows + spread_columns) / 2
    offset = np.hypot((spread_rows - spread_columns) / 2, moments[1, 1] / moments[0, 0])
    return np.sqrt(2 * offset / (middle + offset))


def _span(counts):
    """Measure from the first to the last entry that is not 0."""
    filled = np.flatnonzero(counts)
    return filled[-1] - filled[0] + 1


def _hull_area(mask):
    """Compute the area of the convex hull of the foreground's pixels, each of which is a square."""
    rows = np.flatnonzero(mask.any(axis=1))
    right = mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    left = mask[rows].argmax(axis=1)
    return _side_area(rows.tolist(), right.tolist()) + _side_area(rows.tolist(), (-left).tolist())


def _side_area(rows, reach):
    """Compute the area between an axis and the convex outline, in exact integers."""
    edges = [(row + edge, x) for row, x in zip(rows, reach, strict=True) for edge in (0, 1)]
    outline = []
    for point in edges:
        while len(outline) > 1 and not _turns_inward(*outline[-2:], point):
            outline.pop()
        outline.append(point)
    return sum((y1 - y0) * (x0 + x1) / 2 for (y0, x0), (y1, x1) in pairwise(outline))


def _turns_inward(first, middle, last):
    rise = (middle[1] - first[1]) * (last[0] - middle[0])
    return rise > (last[1] - middle[1]) * (middle[0] - first[0])


def _log_scaled(hu):
    """Return signed orders of magnitude above the floor; 0 at and below it."""
    size = np.abs(hu).clip(10.0**_HU_FLOOR)
    return np.sign(hu) * (np.log10(size) - _HU_FLOOR)
