import numpy as np
import pytest
from skimage.draw import disk, ellipse
from skimage.measure import regionprops

from tests.features.descriptors_for_tests import blob, measure


def test_shape_counted_by_hand():
    values = measure("shape", blob())
    assert values["area_fraction"] == pytest.approx(21 / (40 * 50))
    assert values["extent"] == pytest.approx(21 / (7 * 6))
    # The hull of the pixels' squares; (y, x) from the object's upper left corner.
    corners = np.array([(0, 0), (0, 3), (6, 6), (7, 6), (7, 3), (6, 1), (2, 0)])
    y, x = corners.T
    hull = abs(np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2
    assert values["solidity"] == pytest.approx(21 / hull)


def test_hu_moments_by_explicit_sums():
    rows, columns = np.nonzero(blob())
    y, x, area = rows - rows.mean(), columns - columns.mean(), len(rows)
    nu20, nu02, nu11 = (np.sum(a * b) / area**2 for a, b in [(y, y), (x, x), (y, x)])
    nu30, nu03 = np.sum(y**3) / area**2.5, np.sum(x**3) / area**2.5
    nu21, nu12 = np.sum(y**2 * x) / area**2.5, np.sum(y * x**2) / area**2.5
    hu = [
        nu20 + nu02,
        (nu20 - nu02) ** 2 + 4 * nu11**2,
        (nu30 - 3 * nu12) ** 2 + (3 * nu21 - nu03) ** 2,
        (nu30 + nu12) ** 2 + (nu21 + nu03) ** 2,
    ]
    values = measure("shape", blob())
    for i, expected in enumerate(hu):
        assert values[f"hu_{i + 1}"] == pytest.approx(12 + np.log10(expected), rel=1e-5)


def test_hu_moments_do_not_change_under_quarter_turns_and_shifts():
    reference = measure("shape", blob())
    assert abs(reference["hu_7"]) > 1
    for other in (np.rot90(blob()), np.rot90(blob(), 2), blob(offset=(9, -5))):
        assert measure("shape", other) == pytest.approx(reference, rel=1e-4)
    # The last moment distinguishes an image from its mirror image.
    mirrored = measure("shape", blob()[:, ::-1])
    assert mirrored.pop("hu_7") == pytest.approx(-reference.pop("hu_7"), rel=1e-4)
    assert mirrored == pytest.approx(reference, rel=1e-4)


def test_shape_of_a_disc():
    image = np.zeros((120, 130), dtype=np.uint8)
    image[disk((60, 62), 40)] = 255
    values = measure("shape", image)
    assert values["compactness"] == pytest.approx(1, abs=0.02)
    assert values["eccentricity"] == pytest.approx(0, abs=0.01)
    assert values["extent"] == pytest.approx(np.pi / 4, abs=0.02)
    assert values["solidity"] > 0.97
    assert values["perimeter"] == pytest.approx(2 * np.pi * 40 / 500, rel=0.02)
    assert values["hu_1"] == pytest.approx(12 + np.log10(1 / (2 * np.pi)), abs=0.01)
    assert values["hu_3"] == values["hu_7"] == 0


def test_shape_agrees_with_regionprops():
    image = np.zeros((150, 140), dtype=np.uint8)
    image[ellipse(70, 66, 50, 24, rotation=0.5)] = 180
    image[60:100, 66:80] = 0
    (region,) = regionprops((image > 0).astype(np.uint8))
    values = measure("shape", image)
    assert values["eccentricity"] == pytest.approx(region.eccentricity, rel=1e-3)
    assert values["solidity"] == pytest.approx(region.solidity, rel=0.02)
    assert values["extent"] == pytest.approx(region.extent)
    assert values["area_fraction"] == pytest.approx(region.area / image.size)


def test_foreground_may_be_dark():
    image = blob()
    inverse = 255 - image
    assert measure("shape", inverse) == measure("shape", image)
    assert measure("shape", inverse)["area_fraction"] < 0.1


def test_one_level_has_no_foreground():
    assert set(measure("shape", np.full((9, 9), 77, dtype=np.uint8)).values()) == {0.0}
