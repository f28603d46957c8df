"""Map measured values (Hounsfield units, signal intensities) to gray levels in 0..255."""

from numbers import Real
from typing import NamedTuple

import numpy as np

WINDOW_MODES = ("auto", "percentile", "zscore", "minmax")


class Window(NamedTuple):
    """A window as DICOM files hold it (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: str = "LINEAR"


def check_window(window):
    """Refuse values that the declared types allow: other than two numbers, or no width."""
    if isinstance(window, str):
        return
    numbers = len(window) == 2 and all(isinstance(value, Real) for value in window)
    if not numbers or not np.isfinite(window).all() or window[1] <= 0:
        raise ValueError(
            f"window must be one of {WINDOW_MODES} or two finite numbers (center, width) with "
            f"width > 0, got {window!r}"
        )


def check_percentiles(percentiles):
    """Refuse values that the declared types allow."""
    numbers = len(percentiles) == 2 and all(isinstance(value, Real) for value in percentiles)
    if not numbers or not 0 <= percentiles[0] < percentiles[1] <= 100:
        raise ValueError(
            f"percentiles must be two numbers 0 <= low < high <= 100, got {percentiles!r}"
        )


def apply_window(values, window):
    """Map values to 0..255 by the function that a DICOM file names.

    Parameters
    ----------
    values : ndarray of float
        Values in the units of the window.

    window : Window
        Its `function` is "LINEAR" (which counts whole values: its width is one less than the
        number of gray levels), "LINEAR_EXACT" or "SIGMOID".

    Returns
    -------
    pixels : ndarray of float
        In 0..255.
    """
    center, width, function = window
    if function == "SIGMOID":
        z = np.clip(-4 * (values - center) / width, -80, 80)  # beyond, exp would overflow
        return 255 / (1 + np.exp(z))
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    return stretch(values, center - width / 2, center + width / 2)


def stretch(values, low, high):
    """Map low..high to 0..255 and cut off what lies outside."""
    if not high > low:  # the edge of a window without width: DICOM has it at its center
        return np.where(values > low, values.dtype.type(255), values.dtype.type(0))
    kind = values.dtype.type
    pixels = (values - kind(low)) * kind(255 / (high - low))
    return np.clip(pixels, 0, 255, out=pixels)


def normalize(values, mode, percentiles):
    """Map values to 0..255 by their own distribution.

    Parameters
    ----------
    values : ndarray of float
        All values of the image; those that aren't finite are ignored.

    mode : {"percentile", "zscore", "minmax"}
        As `window` of ImageReader.

    percentiles : tuple (low, high)
        The percentiles of black and white where `mode` is "percentile".

    Returns
    -------
    pixels : ndarray of float
        In 0..255.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ValueError("it holds no finite values")
    return stretch(values, *_range(finite, mode, percentiles))


def _range(finite, mode, percentiles):
    """Return the values that become black and white."""
    low, high = float(finite.min()), float(finite.max())
    if mode == "percentile":
        ends = np.percentile(finite, percentiles)
        # Equal ends: nearly all is background, and the rest would be cut off.
        return (float(ends[0]), float(ends[1])) if ends[0] < ends[1] else (low, high)
    if mode == "zscore":
        inside = finite[finite != 0]
        if inside.size:
            mean, deviation = float(inside.mean(dtype=np.float64)), float(inside.std(dtype=float))
            return mean - 3 * deviation, mean + 3 * deviation
    return low, high
