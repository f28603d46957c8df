from itertools import product

import numpy as np
import pytest
from skimage.measure import label

from tests.features.descriptors_for_tests import blob, measure, noise, smooth

DIRECTIONS = [(0, 1), (1, 1), (1, 0), (1, -1)]


def runs_by_walking(bins, down, right):
    """(level, length) of each run: from each pixel whose predecessor differs, as far as it goes."""
    inside = {cell: level for cell, level in np.ndenumerate(bins) if level}
    found = []
    for (row, column), level in inside.items():
        if inside.get((row - down, column - right)) == level:
            continue
        length = 1
        while inside.get((row + length * down, column + length * right)) == level:
            length += 1
        found.append((int(level), length))
    return found


def zones_by_flooding(bins):
    """(level, size) of each set of equal pixels that touch at sides or corners."""
    left = {cell: level for cell, level in np.ndenumerate(bins) if level}
    found = []
    while left:
        start, level = left.popitem()
        border, size = [start], 0
        while border:
            row, column = border.pop()
            size += 1
            for other in product((row - 1, row, row + 1), (column - 1, column, column + 1)):
                if left.get(other) == level:
                    del left[other]
                    border.append(other)
        found.append((int(level), size))
    return found


def properties(found, n_pixels):
    """The 16 properties by sums over single runs or zones, in the order of their names."""
    levels, sizes = np.array(found, dtype=float).T
    n = len(found)
    per_level = [np.sum(levels == level) for level in set(levels)]
    per_size = [np.sum(sizes == size) for size in set(sizes)]
    joint = np.array([found.count(entry) for entry in set(found)]) / n
    return [
        np.mean(1 / sizes**2),
        np.mean(sizes**2),
        np.mean(1 / levels**2),
        np.mean(levels**2),
        np.mean(1 / (levels * sizes) ** 2),
        np.mean((levels / sizes) ** 2),
        np.mean((sizes / levels) ** 2),
        np.mean((levels * sizes) ** 2),
        np.sum(np.square(per_level)) / n,
        np.sum(np.square(per_level)) / n**2,
        np.sum(np.square(per_size)) / n,
        np.sum(np.square(per_size)) / n**2,
        n / n_pixels,
        levels.var(),
        sizes.var(),
        -np.sum(joint * np.log2(joint)),
    ]


IMAGES = {
    "smooth": smooth((17, 23)),
    "noise": noise((9, 14)),
    "row": noise((1, 12), high=100),
    "column": noise((12, 1), high=100),
    "one pixel": noise((1, 1)),
    "flat": np.full((5, 7), 80, dtype=np.uint8),
}


@pytest.mark.parametrize("name", IMAGES)
def test_runs_agree_with_walking_along_them(name):
    image = IMAGES[name]
    bins = image // 32 + 1
    expected = np.mean(
        [properties(runs_by_walking(bins, *step), bins.size) for step in DIRECTIONS], axis=0
    )
    values = measure("glrlm", image, levels=8)
    np.testing.assert_allclose(list(values.values()), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", IMAGES)
def test_zones_agree_with_flooding_them(name):
    image = IMAGES[name]
    expected = properties(zones_by_flooding(image // 32 + 1), image.size)
    values = measure("glszm", image, levels=8)
    np.testing.assert_allclose(list(values.values()), expected, rtol=1e-5, atol=1e-6)


def test_the_mask_ends_runs_and_parts_zones():
    image, mask = smooth((15, 18)), noise((15, 18), seed=5) > 90
    bins = np.where(mask, image // 32 + 1, 0)
    runs = [properties(runs_by_walking(bins, *step), mask.sum()) for step in DIRECTIONS]
    values = measure("glrlm", image, levels=8, mask=lambda pixels: mask)
    np.testing.assert_allclose(list(values.values()), np.mean(runs, axis=0), rtol=1e-5)
    zones = properties(zones_by_flooding(bins), mask.sum())
    values = measure("glszm", image, levels=8, mask=lambda pixels: mask)
    np.testing.assert_allclose(list(values.values()), zones, rtol=1e-5)


def test_zones_count_corners_as_touching():
    image = np.eye(6, dtype=np.uint8) * 255
    values = measure("glszm", image, levels=2)
    # The dark halves touch across the diagonal, as its own pixels do.
    assert values["zone_percentage"] == pytest.approx(2 / 36)
    assert values["large_zone_emphasis"] == (6**2 + 30**2) / 2


def test_blobs_are_counted_as_scikit_image_does():
    image = noise((40, 40), seed=2, high=2) * np.uint8(255)
    n_zones = sum(label(image == value, connectivity=2).max() for value in (0, 255))
    assert measure("glszm", image, levels=2)["zone_percentage"] == pytest.approx(n_zones / 1600)
    assert measure("glszm", blob(), levels=2)["zone_percentage"] == pytest.approx(2 / 2000)
