import numpy as np
import pytest
from skimage.feature import hog

from tests.features.descriptors_for_tests import measure, smooth


@pytest.mark.parametrize("shape", [(32, 48), (32, 48, 3)])
def test_hog_agrees_with_scikit_image(shape):
    image = smooth(shape)
    expected = hog(
        image,
        orientations=9,
        pixels_per_cell=(8, 12),
        cells_per_block=(2, 2),
        block_norm="L2-Hys",
        channel_axis=None if len(shape) == 2 else 2,
    )
    np.testing.assert_allclose(list(measure("hog", image).values()), expected, atol=1e-5)


@pytest.mark.parametrize(("axis", "orientation"), [(1, 0), (0, 4)])
def test_hog_of_a_straight_edge_has_one_orientation(axis, orientation):
    image = np.zeros((37, 41), dtype=np.uint8)
    image[(slice(None),) * axis + (slice(20, None),)] = 255
    blocks = np.array(list(measure("hog", image).values())).reshape(9, 4, 9)
    assert blocks[..., orientation].max() > 0.4
    assert np.delete(blocks, orientation, axis=2).max() == 0
