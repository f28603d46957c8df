"""Otsu's threshold: the foreground of an image."""

import numpy as np


def find_foreground(levels):
    """Split an image at Otsu's threshold and return the part with less of the border.

    Parameters
    ----------
    levels : ndarray of uint8 of shape (height, width)
        Gray levels.

    Returns
    -------
    mask : ndarray of bool of shape (height, width) or None
        The foreground: the brighter part where both have as much of the border. None where all
        pixels are of one level.
    """
    from skfusion.features._skimage import threshold_otsu

    counts = np.bincount(levels.ravel(), minlength=256)
    if counts.max() == levels.size:
        return None
    bright = levels > threshold_otsu(hist=counts)
    border = np.concatenate([bright[0], bright[-1], bright[1:-1, 0], bright[1:-1, -1]])
    return ~bright if border.mean() > 0.5 else bright
