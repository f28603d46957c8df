import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from tests.features.descriptors_for_tests import hist, measure, noise, smooth

LBP_CIRCLES = [(8, 1), (16, 2)]


@pytest.mark.parametrize(("points", "radius"), LBP_CIRCLES)
@pytest.mark.parametrize(
    # scikit-image decides ties by float rounding: where there are many, a few pixels differ.
    ("image", "atol"),
    [(noise((100, 100)), 5e-4), (smooth((60, 50)), 0.02)],
    ids=["noise", "smooth"],
)
def test_lbp_agrees_with_scikit_image(image, atol, points, radius):
    padded = np.pad(image, radius, mode="edge")
    codes = local_binary_pattern(padded, points, radius, "uniform")
    codes = codes[radius:-radius, radius:-radius].astype(int)
    expected = np.bincount(codes.ravel(), minlength=points + 2) / codes.size
    shares = hist(measure("lbp", image), f"p{points}r{radius}_")
    np.testing.assert_allclose(shares, expected, atol=atol)
    assert shares.sum() == pytest.approx(1)
    assert shares.max() < 0.9


def test_lbp_counted_by_hand():
    # On a 3 x 3 image with a bright middle the border pixels see at least 5 of 8 neighbors
    # that are as bright, since the border is continued; no neighbor of the middle is.
    image = np.full((3, 3), 10, dtype=np.uint8)
    image[1, 1] = 90
    shares = hist(measure("lbp", image), "p8r1_")
    np.testing.assert_allclose(shares, np.array([1, 0, 0, 0, 0, 0, 0, 0, 8, 0]) / 9, rtol=1e-6)
    # A dark middle: all 8 are brighter there, and the others see it darker, with the part of it
    # that reaches the interpolated diagonals.
    image[1, 1] = 0
    shares = hist(measure("lbp", image), "p8r1_")
    # An edge's middle has it ahead and its two diagonals pass through it: 8 - 3 remain; a
    # corner's one diagonal does: 8 - 1 remain.
    np.testing.assert_allclose(shares, np.array([0, 0, 0, 0, 0, 4, 0, 4, 1, 0]) / 9, rtol=1e-6)
