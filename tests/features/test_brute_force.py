"""Descriptors against slow loops over pixels, for random images, masks, levels and ranges."""

from itertools import product

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.stats import entropy

from tests.features.descriptors_for_tests import measure, noise, smooth

SHAPE = (9, 11)
DIRECTIONS = [(0, 1), (1, 1), (1, 0), (1, -1)]
IMAGES = {
    "noise": noise(SHAPE, seed=1),
    "few levels": noise(SHAPE, seed=2, high=3) * np.uint8(80),
    "smooth": smooth(SHAPE, seed=3),
    "flat": np.full(SHAPE, 100, dtype=np.uint8),
}
MASKS = {
    "all": np.ones(SHAPE, dtype=bool),
    "scattered": np.random.default_rng(0).random(SHAPE) < 0.6,
    "ring": np.pad(np.zeros((5, 7), dtype=bool), 2, constant_values=True),
    "pixel": np.arange(99).reshape(SHAPE) == 49,
}
each_image = pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def measured(family, image, mask, **options):
    return measure(family, image, mask=lambda pixels: mask, **options)


def level_of(image, mask, n_levels, gray_range="full"):
    """Return a dict from the places of the mask's pixels to their levels, from 1."""
    values = image.astype(float)
    if gray_range == "full":
        levels = np.floor(n_levels * values / 256) + 1
    else:
        low, high = values[mask].min(), values[mask].max()
        share = (values - low) / (high - low) if high > low else np.zeros_like(values)
        levels = np.minimum(np.floor(n_levels * share) + 1, n_levels)
    return {place: int(levels[place]) for place in zip(*np.nonzero(mask), strict=True)}


def bits(counts):
    """Return the entropy of a dict of counts."""
    return entropy(np.array(list(counts.values()), dtype=float), base=2)


def tally(items):
    counts = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts


# First-order statistics and colors.


@each_mask
@each_image
def test_statistics_of_the_values_in_a_mask(image, mask):
    values, given = image[mask].astype(float), measured("intensity", image, mask)
    deviations = values - values.mean()
    assert given["mean"] == pytest.approx(values.mean(), rel=1e-6)
    assert given["variance"] == pytest.approx((deviations**2).mean(), rel=1e-5)
    assert given["energy"] == pytest.approx((values**2).sum(), rel=1e-6)
    assert given["range"] == values.max() - values.min()
    levels = tally(level_of(image, mask, 32).values())
    assert given["entropy"] == pytest.approx(bits(levels), abs=1e-6)
    shares = np.array(list(levels.values())) / len(values)
    assert given["uniformity"] == pytest.approx((shares**2).sum(), rel=1e-6)
    if np.ptp(values):
        spread = np.sqrt((deviations**2).mean())
        assert given["skewness"] == pytest.approx((deviations**3).mean() / spread**3, abs=1e-4)
        assert given["kurtosis"] == pytest.approx((deviations**4).mean() / spread**4 - 3, abs=1e-4)
    else:
        assert given["skewness"] == given["kurtosis"] == 0


@each_mask
def test_colors_in_a_mask(mask):
    image = noise((*SHAPE, 3), seed=5)
    given = measured("color", image, mask)
    for channel, name in enumerate(("red", "green", "blue")):
        values = image[mask][:, channel].astype(int)
        counts = tally((values // 16).tolist())
        for number in range(16):
            share = counts.get(number, 0) / len(values)
            assert given[f"{name}_hist_{number:02d}"] == pytest.approx(share)
        assert given[f"{name}_mean"] == pytest.approx(values.mean(), rel=1e-6)
        assert given[f"{name}_std"] == pytest.approx(values.std(), rel=1e-5, abs=1e-9)


# Co-occurrence.


def pairs_of(levels, step):
    """Return the levels of all pairs that are a step apart, in both orders."""
    pairs = []
    for (row, column), level in levels.items():
        other = levels.get((row + step[0], column + step[1]))
        if other is not None:
            pairs += [(level, other), (other, level)]
    return pairs or [(1, 1)]


def properties_of_pairs(pairs, n_levels):
    """Return some of the properties, as means over pairs."""
    first, second = np.array(pairs, dtype=float).T
    gap, total = np.abs(first - second), first + second
    counts, mean = tally(pairs), first.mean()
    variance, around = ((first - mean) ** 2).mean(), total - 2 * mean
    shares = np.array(list(counts.values())) / len(pairs)
    joint, single = bits(counts), bits(tally(first.tolist()))
    covariance = ((first - mean) * (second - mean)).mean()
    return {
        "joint_maximum": shares.max(),
        "joint_average": mean,
        "joint_variance": variance,
        "joint_entropy": joint,
        "difference_variance": gap.var(),
        "difference_entropy": bits(tally(gap.tolist())),
        "sum_entropy": bits(tally(total.tolist())),
        "angular_second_moment": (shares**2).sum(),
        "contrast": (gap**2).mean(),
        "dissimilarity": gap.mean(),
        "inverse_difference": (1 / (1 + gap)).mean(),
        "normalized_inverse_difference": (1 / (1 + gap / n_levels)).mean(),
        "inverse_difference_moment": (1 / (1 + gap**2)).mean(),
        "normalized_inverse_difference_moment": (1 / (1 + (gap / n_levels) ** 2)).mean(),
        "inverse_variance": (1 / gap[gap > 0] ** 2).sum() / len(gap),
        "correlation": covariance / variance if variance else 1.0,
        "autocorrelation": (first * second).mean(),
        "cluster_tendency": (around**2).mean(),
        "cluster_shade": (around**3).mean(),
        "cluster_prominence": (around**4).mean(),
        "information_correlation_1": (joint - 2 * single) / single if single else 0.0,
        "information_correlation_2": np.sqrt(1 - np.exp(-2 * max(2 * single - joint, 0))),
    }


@pytest.mark.parametrize(("n_levels", "gray_range"), [(32, "full"), (5, "image")])
@each_mask
@each_image
def test_cooccurrence(image, mask, n_levels, gray_range):
    options = {"levels": n_levels, "gray_range": gray_range, "distances": [2]}
    given = measured("glcm", image, mask, **options)
    levels = level_of(image, mask, n_levels, gray_range)
    by_direction = [
        properties_of_pairs(pairs_of(levels, (2 * down, 2 * right)), n_levels)
        for down, right in DIRECTIONS
    ]
    assert {name.rsplit("_d2_")[0] for name in given} == set(by_direction[0])
    for name in by_direction[0]:
        values = [each[name] for each in by_direction]
        assert given[f"{name}_d2_mean"] == pytest.approx(np.mean(values), rel=1e-4, abs=1e-4), name
        assert given[f"{name}_d2_range"] == pytest.approx(np.ptp(values), rel=1e-4, abs=1e-3), name


# Runs and zones.


def runs_of(levels, step):
    """Return the level and the length of each run in a direction."""
    runs = []
    for (row, column), level in levels.items():
        if levels.get((row - step[0], column - step[1])) == level:
            continue  # not its first pixel
        length = 1
        while levels.get((row + length * step[0], column + length * step[1])) == level:
            length += 1
        runs.append((level, length))
    return runs


def zones_of(levels):
    """Return the level and the number of pixels of each zone, by flooding from pixel to pixel."""
    left, zones = dict(levels), []
    while left:
        start, level = left.popitem()
        waiting, size = [start], 1
        while waiting:
            row, column = waiting.pop()
            for down, right in product((-1, 0, 1), repeat=2):
                place = (row + down, column + right)
                if left.get(place) == level:
                    del left[place]
                    waiting.append(place)
                    size += 1
        zones.append((level, size))
    return zones


def emphases(parts, n_pixels):
    """Return the 16 properties of runs or zones, in the order of their names."""
    level, size = np.array(parts, dtype=float).T
    of_level, of_size = (np.array(list(tally(x.tolist()).values())) for x in (level, size))
    n = len(parts)
    return [
        *((1 / size**2).mean(), (size**2).mean()),
        *((1 / level**2).mean(), (level**2).mean()),
        (1 / level**2 / size**2).mean(),
        (level**2 / size**2).mean(),
        (size**2 / level**2).mean(),
        (level**2 * size**2).mean(),
        *((of_level**2).sum() / n, (of_level**2).sum() / n**2),
        *((of_size**2).sum() / n, (of_size**2).sum() / n**2),
        n / n_pixels,
        *(level.var(), size.var()),
        bits(tally(parts)),
    ]


@pytest.mark.parametrize(("n_levels", "gray_range"), [(32, "full"), (4, "image")])
@each_mask
@each_image
def test_runs_and_zones(image, mask, n_levels, gray_range):
    options = {"levels": n_levels, "gray_range": gray_range}
    levels, n_pixels = level_of(image, mask, n_levels, gray_range), int(mask.sum())
    runs = [emphases(runs_of(levels, step), n_pixels) for step in DIRECTIONS]
    given = list(measured("glrlm", image, mask, **options).values())
    np.testing.assert_allclose(given, np.mean(runs, axis=0), rtol=1e-5, atol=1e-6)
    zones = emphases(zones_of(levels), n_pixels)
    given = list(measured("glszm", image, mask, **options).values())
    np.testing.assert_allclose(given, zones, rtol=1e-5, atol=1e-6)


# Shape.


def random_region(seed):
    """Return a region without holes in rows and columns that are empty, of any outline."""
    values = smooth((20, 26), seed)
    region = values > np.quantile(values, 0.8)
    region[:2] = region[:, -3:] = False
    return region


@pytest.mark.parametrize("seed", range(6))
def test_the_hull_the_box_and_the_moments_of_a_region(seed):
    region = random_region(seed)
    given = measure("shape", np.zeros(region.shape, dtype=np.uint8), mask=lambda pixels: region)
    rows, columns = np.nonzero(region)
    area = len(rows)
    corners = [
        (r + i, c + j) for r, c in zip(rows, columns, strict=True) for i in (0, 1) for j in (0, 1)
    ]
    assert given["solidity"] == pytest.approx(area / ConvexHull(corners).volume)
    assert given["extent"] == pytest.approx(area / ((np.ptp(rows) + 1) * (np.ptp(columns) + 1)))
    assert given["area_fraction"] == pytest.approx(area / region.size)
    spread = np.cov(rows, columns, bias=True) + np.eye(2) / 12
    small, large = np.linalg.eigvalsh(spread)
    assert given["eccentricity"] == pytest.approx(np.sqrt(1 - small / large), rel=1e-5)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (3, 3), (4, 7)])
def test_rectangles(height, width):
    image = np.zeros((15, 17), dtype=np.uint8)
    image[3 : 3 + height, 5 : 5 + width] = 255
    given = measure("shape", image)
    assert given["solidity"] == given["extent"] == 1
    assert given["area_fraction"] == pytest.approx(height * width / image.size)
    long, short = max(height, width), min(height, width)
    assert given["eccentricity"] == pytest.approx(np.sqrt(1 - (short / long) ** 2), abs=1e-6)


# Wavelets.


@each_mask
@each_image
def test_bands_of_the_haar_wavelet(image, mask):
    """Sums and differences of neighbors, by 2 for each level; the borders are mirrored."""
    pytest.importorskip("pywt")
    given = measured("wavelet", image, mask)
    wide = np.pad(image.astype(float), 8, mode="symmetric")
    approximation = wide
    for level in (1, 2):
        step = 2 ** (level - 1)

        def both(values, axis, sign, step=step):
            return (values + sign * np.roll(values, -step, axis=axis)) / 2

        low, high = both(approximation, 0, 1), both(approximation, 0, -1)
        bands = {
            "horizontal": both(high, 1, 1),
            "vertical": both(low, 1, -1),
            "diagonal": both(high, 1, -1),
        }
        approximation = both(low, 1, 1)
        for name, band in bands.items():
            assert_band(given, f"l{level}_{name}", band, mask)
    assert_band(given, "l2_approximation", approximation, mask)


def assert_band(given, name, band, mask):
    """Compare what neither the place of the band's pixels nor their sign changes."""
    shifts = []
    for down, right in product(range(-3, 4), repeat=2):
        values = np.roll(band, (down, right), axis=(0, 1))[8:-8, 8:-8][mask]
        shifts.append((values.std(), np.abs(values - values.mean()).mean()))
    found = (given[f"{name}_std"], given[f"{name}_mean_absolute_deviation"])
    assert any(np.allclose(found, each, rtol=1e-4, atol=1e-4) for each in shifts), name
