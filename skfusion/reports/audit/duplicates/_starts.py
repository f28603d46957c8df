"""Coarse views of an image: mirrored, turned and cropped, as matrices."""

import numpy as np

# Coordinates of an image are -1..1 from left to right and from top to bottom. A matrix [A | c] maps
# those of one image to those of another: A @ (x, y) + c.
_TURNS = [
    ((1, 0), (0, 1)),
    ((-1, 0), (0, 1)),
    ((1, 0), (0, -1)),
    ((-1, 0), (0, -1)),
    ((0, 1), (1, 0)),
    ((0, -1), (1, 0)),
    ((0, 1), (-1, 0)),
    ((0, -1), (-1, 0)),
]
_CROP = 0.12  # of a side; smaller and somewhat larger crops are near enough to it


def make_starts():
    """Return the views that are compared.

    Returns
    -------
    starts : ndarray of shape (n_views, 2, 3)
        The whole image, mirrored and turned by right angles in all ways; and parts of it, of the
        image itself and mirrored: its middle, and its four corners.
    """
    views = [(turn, 1.0, 0.0, 0.0) for turn in _TURNS]
    for turn in _TURNS[:2]:
        views += [(turn, 1 - _CROP, 0.0, 0.0), (turn, 1 - 2 * _CROP, 0.0, 0.0)]
        views += [(turn, 1 - _CROP, x, y) for x in (-_CROP, _CROP) for y in (-_CROP, _CROP)]
    matrices = [np.column_stack([scale * np.array(turn), (x, y)]) for turn, scale, x, y in views]
    return np.array(matrices, dtype=np.float32)


def invert(matrix):
    """Return the matrix of the way back."""
    turn = np.linalg.inv(matrix[:, :2])
    return np.column_stack([turn, -turn @ matrix[:, 2]]).astype(np.float32)


def name_of(matrix):
    """Return what a matrix between two images does, in a few words."""
    (a, b), (c, d) = matrix[:, :2]
    determinant = a * d - b * c
    if determinant < 0:
        return "mirror image"
    if abs(np.arctan2(c - b, a + d)) > np.pi / 8:
        return "turned copy"
    return "copy" if 0.94 < np.sqrt(determinant) < 1.06 else "crop"
