"""Runs and zones of one gray level: the lengths and areas of flat parts."""

import numpy as np
from scipy.special import entr

_RUN_PROPERTIES = [
    "short_run_emphasis",
    "long_run_emphasis",
    "low_gray_level_run_emphasis",
    "high_gray_level_run_emphasis",
    "short_run_low_gray_level_emphasis",
    "short_run_high_gray_level_emphasis",
    "long_run_low_gray_level_emphasis",
    "long_run_high_gray_level_emphasis",
    "gray_level_non_uniformity",
    "normalized_gray_level_non_uniformity",
    "run_length_non_uniformity",
    "normalized_run_length_non_uniformity",
    "run_percentage",
    "gray_level_variance",
    "run_length_variance",
    "run_entropy",
]
_ZONE_PROPERTIES = [
    "small_zone_emphasis",
    "large_zone_emphasis",
    "low_gray_level_zone_emphasis",
    "high_gray_level_zone_emphasis",
    "small_zone_low_gray_level_emphasis",
    "small_zone_high_gray_level_emphasis",
    "large_zone_low_gray_level_emphasis",
    "large_zone_high_gray_level_emphasis",
    "gray_level_non_uniformity",
    "normalized_gray_level_non_uniformity",
    "zone_size_non_uniformity",
    "normalized_zone_size_non_uniformity",
    "zone_percentage",
    "gray_level_variance",
    "zone_size_variance",
    "zone_size_entropy",
]


def glrlm_names(options):
    """Return the names of the properties of runs, which are means over directions."""
    return [f"{name}_mean" for name in _RUN_PROPERTIES]


def measure_glrlm(image):
    """Measure properties of the runs of one level, as the mean over four directions."""
    bins, count = image.bins, image.options.levels
    n_pixels = image.values.size
    directions = [bins, bins.T, skewed(bins).T, skewed(bins[:, ::-1]).T]
    return np.mean([_properties(*runs(lines), count, n_pixels) for lines in directions], axis=0)


def glszm_names(options):
    """Return the names of the properties of zones."""
    return list(_ZONE_PROPERTIES)


def measure_glszm(image):
    """Measure properties of the zones: connected pixels of one level, also at corners."""
    from skfusion.features._skimage import label

    zones = label(image.bins, background=0, connectivity=2).ravel()
    sizes = np.bincount(zones)
    levels = np.zeros(len(sizes), dtype=image.bins.dtype)
    levels[zones] = image.bins.ravel()
    return _properties(levels[1:], sizes[1:], image.options.levels, image.values.size)


def skewed(bins):
    """Shift row i by i pixels to the right, so that diagonals become columns; 0 fills the gaps."""
    height, width = bins.shape
    padded = np.zeros((height, width + height), dtype=bins.dtype)
    padded[:, :width] = bins
    # Read in rows that are one shorter, each row begins one further to the right.
    return padded.ravel()[:-height].reshape(height, width + height - 1)


def runs(lines):
    """Find the runs of equal levels along rows.

    Parameters
    ----------
    lines : ndarray of int of shape (n_lines, length)
        Levels from 1; 0 belongs to no run.

    Returns
    -------
    levels, lengths : ndarray of int of shape (n_runs,)
        Of each run.
    """
    flat = np.pad(lines, [(0, 0), (0, 1)]).ravel()  # a 0 ends each line
    starts = np.flatnonzero(np.diff(flat, prepend=0))
    lengths = np.diff(starts, append=flat.size)
    levels = flat[starts]
    inside = levels > 0
    return levels[inside], lengths[inside]


def _properties(levels, sizes, count, n_pixels):
    """Compute the 16 properties of runs or zones, in the order of their names."""
    # Few distinct sizes occur, of however many that could.
    per_size = np.bincount(sizes)
    distinct = np.flatnonzero(per_size)
    position = np.zeros(len(per_size), dtype=np.intp)
    position[distinct] = np.arange(len(distinct))
    codes = (levels - 1) * len(distinct) + position[sizes]
    shares = np.bincount(codes, minlength=count * len(distinct)) / sizes.size
    shares = shares.reshape(count, len(distinct))
    level, size = np.arange(1.0, count + 1), distinct.astype(np.float64)
    of_level, of_size = shares.sum(axis=1), shares.sum(axis=0)
    by_level = np.stack([np.ones(count), level**-2, level**2])
    by_size = np.stack([np.ones(len(size)), size**-2, size**2])
    emphasis = by_level @ shares @ by_size.T
    uniform_level, uniform_size = np.square(of_level).sum(), np.square(of_size).sum()
    return [
        *(emphasis[0, 1:]),
        *(emphasis[1:, 0]),
        *(emphasis[1, 1], emphasis[2, 1], emphasis[1, 2], emphasis[2, 2]),
        *(uniform_level * sizes.size, uniform_level),
        *(uniform_size * sizes.size, uniform_size),
        sizes.size / n_pixels,
        np.square(level - level @ of_level) @ of_level,
        np.square(size - size @ of_size) @ of_size,
        entr(shares).sum() / np.log(2),
    ]
