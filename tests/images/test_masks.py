"""Which pixels are measured: Otsu's foreground, or what a function chooses."""

import numpy as np
import pytest

from skfusion import (
    ImageDescriptors,
    ImageReadError,
)
from tests.features.descriptors_for_tests import blob, half, measure, noise, smooth

MASKED = ["intensity", "color", "lbp", "glcm", "glrlm", "glszm", "shape", "wavelet"]
SIZE = (20, 24)


# What is measured.


@pytest.mark.parametrize("family", MASKED)
def test_pixels_outside_change_nothing(family):
    inside = smooth(SIZE)
    other = np.where(half(SIZE), inside, noise(SIZE))
    # Neighbors just outside still count in patterns and bands: they look around each pixel.
    reach = {"lbp": 2, "wavelet": 4}.get(family, 0)
    mask = half(SIZE)
    mask[:, : SIZE[1] // 2 + reach] = False
    for gray_range in ("full", "image"):
        options = {"mask": lambda pixels: mask, "gray_range": gray_range}
        expected = pytest.approx(measure(family, inside, **options), rel=1e-5, abs=1e-5)
        assert measure(family, other, **options) == expected
    assert measure(family, other) != pytest.approx(measure(family, inside))


@pytest.mark.parametrize("family", ["intensity", "color", "glcm", "glrlm", "glszm"])
def test_a_rectangle_is_measured_as_the_image_of_it(family):
    image = smooth(SIZE)
    masked = measure(family, image, mask=lambda pixels: half(SIZE))
    assert masked == pytest.approx(measure(family, image[:, 12:]), rel=1e-6)


def test_gradients_are_those_of_the_whole_image():
    image = smooth(SIZE)
    assert measure("hog", image, mask=lambda pixels: half(SIZE)) == measure("hog", image)


def test_a_mask_of_everything_is_none():
    image = smooth(SIZE)
    for family in MASKED:
        whole = measure(family, image, mask=lambda pixels: np.ones(pixels.shape[:2]))
        if family == "shape":
            assert whole["area_fraction"] == whole["extent"] == 1
        else:
            assert whole == measure(family, image)


def test_otsu_measures_the_object():
    image = blob() + noise((40, 50), high=30)
    values = measure("intensity", image, mask="otsu")
    assert values["minimum"] >= 200
    assert values["energy"] == pytest.approx(np.square(image[blob() > 0].astype(float)).sum())
    assert measure("shape", image, mask="otsu") == measure("shape", image)
    assert measure("glszm", blob(), mask="otsu")["zone_percentage"] == pytest.approx(1 / 21)


def test_otsu_measures_all_of_a_flat_image():
    flat = np.full((9, 9), 70, dtype=np.uint8)
    for family in ("intensity", "glcm", "glszm"):
        assert measure(family, flat, mask="otsu") == measure(family, flat)


@pytest.mark.parametrize("family", [*MASKED, "hog"])
def test_one_pixel_has_finite_values(family):
    mask = np.zeros(SIZE, dtype=bool)
    mask[3, 5] = True
    assert np.isfinite(list(measure(family, noise(SIZE), mask=lambda pixels: mask).values())).all()


# A function.


def test_a_function_sees_the_pixels_that_are_measured():
    seen = []

    def bright(pixels):
        seen.append((pixels.shape, pixels.dtype, pixels.flags.writeable))
        return pixels[..., 0] > 100

    descriptors = ImageDescriptors("intensity", image_size=(10, 12), mask=bright)
    features = descriptors.fit_transform([noise((*SIZE, 3))])
    assert seen == [((10, 12, 3), np.dtype(np.uint8), False)]
    assert features.shape == (1, 21)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda pixels: pixels > 300, r"mask\(\) gave shape \(20, 24, 1\) .* of shape \(20, 24\)"),
        (lambda pixels: None, r"mask\(\) gave shape \(\) and dtype object"),
        (lambda pixels: pixels[..., 0] > 300, r"its mask is empty: mask\(\) chose no pixel"),
    ],
)
def test_a_function_that_gives_no_mask(function, reason):
    descriptors = ImageDescriptors("intensity", image_size=None, mask=function)
    with pytest.raises(ImageReadError, match=f"row 0 .*{reason}"):
        descriptors.fit_transform([noise(SIZE)])


def test_an_error_in_a_function_is_the_user_s_own():
    def broken(pixels):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        ImageDescriptors("lbp", mask=broken).fit_transform([noise(SIZE)])
