"""Small gray images at several sizes, and their values at moved places."""

import numpy as np
from scipy.ndimage import uniform_filter

# The local contrast below which an image counts as flat, in gray levels.
_FLAT = 4.0


def shrink(images, side):
    """Halve square images until they have this side, by the mean of four pixels."""
    images = np.asarray(images, dtype=np.float32)
    while images.shape[1] > side:
        top = images[:, ::2, ::2] + images[:, ::2, 1::2]
        images = (top + images[:, 1::2, ::2] + images[:, 1::2, 1::2]) / 4
    return images


def normalize_locally(images):
    """Remove local brightness and contrast, so that lighting and gray scale do not matter."""
    window = (1, images.shape[1] // 3, images.shape[1] // 3)
    centered = images - uniform_filter(images, window, mode="nearest")
    spread = np.maximum(uniform_filter(centered**2, window, mode="nearest"), 0)
    return centered / (np.sqrt(spread) + _FLAT)


def grid(side):
    """Return the coordinates of the pixels, as columns (x, y, 1)."""
    centers = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    y, x = np.meshgrid(centers, centers, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side, dtype=np.float32)])


def sample(images, places):
    """Return the values of images at places, interpolated.

    Parameters
    ----------
    images : ndarray of shape (n, side, side)
        The images.

    places : ndarray of shape (n, 2, n_places)
        Coordinates in -1..1.

    Returns
    -------
    values : ndarray of shape (n, n_places)
        The values; beyond the border, those of the border.

    inside : ndarray of bool of shape (n, n_places)
        Whether a place is inside the image.
    """
    n, side, _ = images.shape
    pixels = np.clip((places + 1) * (side / 2) - 0.5, 0, side - 1.001)
    corner = pixels.astype(np.int32)
    (x, y), (right, down) = np.moveaxis(corner, 1, 0), np.moveaxis(pixels - corner, 1, 0)
    flat, first = images.reshape(-1), np.arange(n)[:, np.newaxis] * side**2 + y * side + x
    corners = [np.take(flat, first + step) for step in (0, 1, side, side + 1)]
    top, bottom = (left + (other - left) * right for left, other in (corners[:2], corners[2:]))
    return top + (bottom - top) * down, (np.abs(places) < 1).all(axis=1)
