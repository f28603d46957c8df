import numpy as np
import pytest
from PIL import Image
from scipy import stats

from skfusion import ImageDescriptors
from tests.features.descriptors_for_tests import measure, noise, smooth


def test_intensity_agrees_with_scipy():
    image = smooth((30, 41))
    values = image.ravel().astype(np.float64)
    shares = np.histogram(values, bins=32, range=(0, 256))[0] / values.size
    low, high = np.quantile(values, [0.1, 0.9])
    quarter, three_quarters = np.quantile(values, [0.25, 0.75])
    middle = np.array([value for value in values if low <= value <= high])
    expected = {
        "mean": values.mean(),
        "std": values.std(),
        "variance": values.var(),
        "skewness": stats.skew(values),
        "kurtosis": stats.kurtosis(values),
        "minimum": values.min(),
        "p10": np.quantile(values, 0.1),
        "median": np.median(values),
        "p90": np.quantile(values, 0.9),
        "maximum": values.max(),
        "interquartile_range": stats.iqr(values),
        "range": np.ptp(values),
        "mean_absolute_deviation": np.abs(values - values.mean()).mean(),
        "robust_mean_absolute_deviation": np.abs(middle - middle.mean()).mean(),
        "median_absolute_deviation": np.abs(values - np.median(values)).mean(),
        "coefficient_of_variation": stats.variation(values),
        "quartile_coefficient_of_dispersion": stats.iqr(values) / (quarter + three_quarters),
        "energy": np.dot(values, values),
        "root_mean_square": np.sqrt(np.mean(values**2)),
        "entropy": stats.entropy(shares, base=2),
        "uniformity": (shares**2).sum(),
    }
    assert measure("intensity", image) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_intensity_of_color_is_that_of_its_luma():
    image = noise((9, 11, 3))
    luma = np.asarray(Image.fromarray(image).convert("L"))
    assert measure("intensity", image) == measure("intensity", luma)


def test_intensity_shifts_with_an_additive_constant():
    image = smooth((30, 30)) // 2
    relative = {"coefficient_of_variation", "quartile_coefficient_of_dispersion"}
    relative |= {"energy", "root_mean_square"}
    before, after = measure("intensity", image), measure("intensity", image + np.uint8(64))
    for name in ("mean", "minimum", "p10", "median", "p90", "maximum"):
        assert after[name] - before[name] == pytest.approx(64, abs=1e-4)
    # 64 is a whole number of bins: even the histogram keeps its form.
    for name in set(before) - {"mean", "minimum", "p10", "median", "p90", "maximum"} - relative:
        assert after[name] == pytest.approx(before[name], rel=1e-5)


def test_entropy_and_uniformity_of_two_levels():
    image = np.repeat([[0], [255]], 4, axis=1).astype(np.uint8)
    values = measure("intensity", image)
    assert values["entropy"] == 1.0
    assert values["uniformity"] == 0.5
    assert values["kurtosis"] == -2.0


def test_intensity_is_measured_in_the_range_of_fit():
    """Values a little beyond the range are clipped, so that all are within 0..255."""
    image = np.array([[-1.0, 256.0]], dtype=np.float32)
    descriptors = ImageDescriptors("intensity", image_size=None)
    descriptors.fit([np.array([[0.5, 255.0]], dtype=np.float32)])
    values = dict(
        zip(descriptors.get_feature_names_out(), descriptors.transform([image])[0], strict=True)
    )
    assert values["x0_intensity_minimum"] == 0
    assert values["x0_intensity_maximum"] == 255
    assert values["x0_intensity_entropy"] == 1.0
