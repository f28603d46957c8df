"""What docs/descriptors.rst says doesn't change when images are turned, mirrored or brighter."""

import numpy as np
import pytest

from tests.features.descriptors_for_tests import blob, measure, noise, smooth

TURNS = [np.rot90, np.transpose, np.flipud, np.fliplr]
IMAGES = {"smooth": smooth((25, 38)), "noise": noise((21, 33)), "blob": blob()}
TEXTURES = ["glcm", "glrlm", "glszm"]
DISPERSIONS = [
    "std",
    "variance",
    "skewness",
    "kurtosis",
    "range",
    "interquartile_range",
    "mean_absolute_deviation",
    "robust_mean_absolute_deviation",
    "median_absolute_deviation",
]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("family", ["intensity", "color", "lbp", "shape", *TEXTURES])
def test_turned_and_mirrored(family, name, turn):
    image = IMAGES[name]
    values, turned = measure(family, image), measure(family, turn(image))
    if family == "shape" and turn is not np.rot90:
        turned["hu_7"] *= -1
    assert turned == pytest.approx(values, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("family", ["intensity", "color", *TEXTURES])
def test_turned_and_mirrored_with_its_mask(family, turn):
    image, mask = smooth((25, 38)), noise((25, 38), seed=4) > 60
    values = measure(family, image, mask=lambda pixels: mask)
    turned = measure(family, turn(image), mask=lambda pixels: turn(mask))
    assert turned == pytest.approx(values, rel=1e-5, abs=1e-6)


def test_hog_and_wavelets_tell_a_turn():
    image = smooth((30, 30))
    for family in ("hog", "wavelet"):
        assert measure(family, np.rot90(image)) != pytest.approx(measure(family, image))


@pytest.mark.parametrize("family", ["lbp", "hog", "shape"])
@pytest.mark.parametrize("shift", [1, 50, 127])
def test_brighter(family, shift):
    image = smooth((25, 38)) // 2
    brighter = measure(family, image + np.uint8(shift))
    assert brighter == pytest.approx(measure(family, image), rel=1e-6)


@pytest.mark.parametrize("shift", [1, 50, 127])
def test_dispersion_of_brighter_images(shift):
    image = smooth((25, 38)) // 2
    before = measure("intensity", image)
    after = measure("intensity", image + np.uint8(shift))
    assert {name: after[name] for name in DISPERSIONS} == pytest.approx(
        {name: before[name] for name in DISPERSIONS}, rel=1e-5, abs=1e-6
    )
    assert after["mean"] - before["mean"] == pytest.approx(shift, abs=1e-4)
    assert after["coefficient_of_variation"] < before["coefficient_of_variation"]


@pytest.mark.parametrize("family", TEXTURES)
@pytest.mark.parametrize(("factor", "shift"), [(1, 1), (1, 190), (4, 0), (3, 20)])
def test_brightness_and_contrast_on_the_image_s_own_range(family, factor, shift):
    image = smooth((25, 38)) // 4
    other = image * np.uint8(factor) + np.uint8(shift)
    expected = pytest.approx(measure(family, image, gray_range="image"), rel=1e-6)
    assert measure(family, other, gray_range="image") == expected
    assert measure(family, other) != pytest.approx(measure(family, image), rel=1e-3)


@pytest.mark.parametrize(("factor", "shift"), [(1, 1), (1, 190), (4, 0), (3, 20)])
def test_histograms_on_the_image_s_own_range(factor, shift):
    image = smooth((25, 38)) // 4
    values = measure("intensity", image, gray_range="image")
    other = image * np.uint8(factor) + np.uint8(shift)
    changed = measure("intensity", other, gray_range="image")
    for name in ("entropy", "uniformity"):
        assert changed[name] == pytest.approx(values[name], rel=1e-6)
