"""Colors of signed amounts, which color-blind readers can distinguish, and images under them."""

import numpy as np

# From "lowers the prediction" over nothing to "raises it". Blue and orange differ for all usual
# kinds of color blindness, and both are darker than the middle.
NEGATIVE, NEUTRAL, POSITIVE = "#1f5fa8", "#f4f4f4", "#c25400"
_OPACITY = 0.85  # of the largest amount; those of others are in proportion


def color_limit(heat):
    """Return the amount that has the full color: the largest.

    Parameters
    ----------
    heat : ndarray
        Signed amounts.

    Returns
    -------
    limit : float
        Positive, also where all amounts are 0.
    """
    largest = float(np.abs(heat).max())
    return largest if largest > 0 else 1.0


def opacity(heat, limit):
    """Return how much of the color is seen at each place, from 0 to 1."""
    return _OPACITY * np.clip(np.abs(heat) / limit, 0, 1)


def overlay(image, heat, limit=None):
    """Lay the colors of a heat map over an image, which becomes gray.

    Parameters
    ----------
    image : ndarray of shape (height, width, 1 or 3), uint8
        The image.

    heat : ndarray of shape (height, width)
        The amounts.

    limit : float, default=None
        The amount of the full color; None is that of `color_limit`.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), uint8
        The image in gray under the colors.
    """
    limit = color_limit(heat) if limit is None else limit
    gray = image.mean(axis=2, keepdims=True, dtype=np.float32)
    color = np.where(heat[..., np.newaxis] >= 0, _rgb(POSITIVE), _rgb(NEGATIVE))
    amount = opacity(heat, limit)[..., np.newaxis]
    return np.rint(gray + amount * (color - gray)).clip(0, 255).astype(np.uint8)


def _rgb(code):
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32)


def color_map():
    """Return the colors as a colormap of Matplotlib."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("skfusion", [NEGATIVE, NEUTRAL, POSITIVE])
