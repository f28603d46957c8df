import numpy as np
import pytest
from scipy import stats

from skfusion import ImageDescriptors
from tests.features.descriptors_for_tests import hist, measure, noise


def test_color_mode_decides_the_columns():
    gray, rgb = noise((2, 8, 8)), noise((2, 8, 8, 3))
    for X, mode, width in [(gray, "rgb", 57), (rgb, "grayscale", 19), (rgb, "auto", 57)]:
        assert ImageDescriptors("color", color_mode=mode).fit_transform(X).shape == (2, width)


def test_color_histograms_and_moments():
    image = noise((12, 14, 3))
    image[..., 1] //= 2
    values = measure("color", image)
    for channel, name in enumerate(["red", "green", "blue"]):
        plane = image[..., channel]
        shares = np.histogram(plane, bins=16, range=(0, 256))[0] / plane.size
        np.testing.assert_allclose(hist(values, f"{name}_hist"), shares, rtol=1e-6)
        assert hist(values, f"{name}_hist").sum() == pytest.approx(1)
        assert values[f"{name}_mean"] == pytest.approx(plane.mean())
        assert values[f"{name}_std"] == pytest.approx(plane.std())
        assert values[f"{name}_skewness"] == pytest.approx(stats.skew(plane.ravel()), abs=1e-6)
