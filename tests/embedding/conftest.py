"""Images for the tests of embedders."""

import pytest

from skfusion.datasets import load_digits_iris, make_image_table


@pytest.fixture(scope="module")
def digits():
    data = load_digits_iris()
    return data.frame["digit"], data.target


@pytest.fixture(scope="module")
def stripes():
    """40 color images of 16 x 16 pixels whose two classes are easy to distinguish."""
    data = make_image_table(40, image_size=(16, 16), noise=0.2, random_state=0)
    return data.frame[["image"]], data.target
