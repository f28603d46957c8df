from itertools import product

import numpy as np
import pytest
from scipy import stats
from skimage.feature import graycomatrix, graycoprops

from tests.features.descriptors_for_tests import measure, noise, smooth


def test_glcm_contrast_by_explicit_loops():
    image = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]], dtype=np.uint8)
    contrasts = []
    for down, right in [(0, 1), (1, 1), (1, 0), (1, -1)]:
        squares = []
        for row, column in product(range(4), range(4)):
            other = row + down, column + right
            if 0 <= other[0] < 4 and 0 <= other[1] < 4:
                squares.append((int(image[row, column]) - int(image[other])) ** 2)
        contrasts.append(np.mean(squares))
    # 32 levels over 0..255: 8 gray levels each, of which any value falls into the same bin.
    values = measure("glcm", image * 8 + np.uint8(5))
    assert values["contrast_d1_mean"] == pytest.approx(np.mean(contrasts))
    assert values["contrast_d1_range"] == pytest.approx(max(contrasts) - min(contrasts))


@pytest.mark.parametrize("image", [smooth((31, 27)), noise((31, 27))], ids=["smooth", "noise"])
def test_glcm_agrees_with_scikit_image(image):
    names = {
        "contrast": "contrast",
        "dissimilarity": "dissimilarity",
        "inverse_difference_moment": "homogeneity",
        "angular_second_moment": "ASM",
        "correlation": "correlation",
    }
    values = measure("glcm", image)
    for distance in (1, 3):
        # skfusion counts steps, diagonal ones too; scikit-image rounds to a Euclidean distance.
        matrices = [
            graycomatrix(image // 8, [length], [angle], 32, symmetric=True, normed=True)
            for length, angle in [
                (distance, 0),
                (distance * np.sqrt(2), np.pi / 4),
                (distance, np.pi / 2),
                (distance * np.sqrt(2), 3 * np.pi / 4),
            ]
        ]
        for ours, theirs in names.items():
            per_angle = [graycoprops(matrix, theirs)[0, 0] for matrix in matrices]
            mean, extent = values[f"{ours}_d{distance}_mean"], values[f"{ours}_d{distance}_range"]
            assert mean == pytest.approx(np.mean(per_angle), rel=1e-5)
            assert extent == pytest.approx(max(per_angle) - min(per_angle), rel=1e-5, abs=1e-6)
        entropies = [stats.entropy(matrix.ravel(), base=2) for matrix in matrices]
        assert values[f"joint_entropy_d{distance}_mean"] == pytest.approx(np.mean(entropies))


def shares_by_loops(bins, down, right, count):
    """Pairs of levels and their shares, counted pixel by pixel in both directions."""
    height, width = bins.shape
    shares = dict.fromkeys(product(range(1, count + 1), repeat=2), 0.0)
    for row, column in product(range(height), range(width)):
        other = row + down, column + right
        if 0 <= other[0] < height and 0 <= other[1] < width:
            shares[bins[row, column], bins[other]] += 1
            shares[bins[other], bins[row, column]] += 1
    total = sum(shares.values())
    return {pair: share / total for pair, share in shares.items()}


def bits(shares):
    return -sum(share * np.log2(share) for share in shares if share > 0)


def properties_by_loops(p, count):
    """Sums over pairs of levels, as the definitions are written, from a dict of shares."""
    px = {i: sum(p[i, j] for j in range(1, count + 1)) for i in range(1, count + 1)}
    mu = sum(i * q for i, q in px.items())
    variance = sum((i - mu) ** 2 * q for i, q in px.items())
    minus = [sum(q for (i, j), q in p.items() if abs(i - j) == k) for k in range(count)]
    plus = [sum(q for (i, j), q in p.items() if i + j == k) for k in range(2, 2 * count + 1)]
    gap = sum(k * q for k, q in enumerate(minus))
    hx, hxy = bits(px.values()), bits(p.values())
    hxy1 = -sum(q * np.log2(px[i] * px[j]) for (i, j), q in p.items() if q)
    hxy2 = bits([px[i] * px[j] for i, j in p])

    def total(function):
        return sum(q * function(i, j) for (i, j), q in p.items())

    return {
        "joint_maximum": max(p.values()),
        "joint_average": mu,
        "joint_variance": total(lambda i, j: (i - mu) ** 2),
        "joint_entropy": hxy,
        "difference_variance": sum((k - gap) ** 2 * q for k, q in enumerate(minus)),
        "difference_entropy": bits(minus),
        "sum_entropy": bits(plus),
        "angular_second_moment": sum(q**2 for q in p.values()),
        "contrast": total(lambda i, j: (i - j) ** 2),
        "dissimilarity": total(lambda i, j: abs(i - j)),
        "inverse_difference": total(lambda i, j: 1 / (1 + abs(i - j))),
        "normalized_inverse_difference": total(lambda i, j: 1 / (1 + abs(i - j) / count)),
        "inverse_difference_moment": total(lambda i, j: 1 / (1 + (i - j) ** 2)),
        "normalized_inverse_difference_moment": total(
            lambda i, j: 1 / (1 + (i - j) ** 2 / count**2)
        ),
        "inverse_variance": total(lambda i, j: 1 / (i - j) ** 2 if i != j else 0),
        "correlation": total(lambda i, j: (i - mu) * (j - mu)) / variance,
        "autocorrelation": total(lambda i, j: i * j),
        "cluster_tendency": total(lambda i, j: (i + j - 2 * mu) ** 2),
        "cluster_shade": total(lambda i, j: (i + j - 2 * mu) ** 3),
        "cluster_prominence": total(lambda i, j: (i + j - 2 * mu) ** 4),
        "information_correlation_1": (hxy - hxy1) / hx,
        "information_correlation_2": np.sqrt(1 - np.exp(-2 * (hxy2 - hxy))),
    }


@pytest.mark.parametrize("image", [smooth((12, 15)), noise((9, 7))], ids=["smooth", "noise"])
def test_each_property_by_explicit_loops(image):
    values = measure("glcm", image, levels=4, distances=[2])
    per_direction = [
        properties_by_loops(shares_by_loops(image // 64 + 1, 2 * down, 2 * right, 4), 4)
        for down, right in [(0, 1), (1, 1), (1, 0), (1, -1)]
    ]
    expected = {}
    for name in per_direction[0]:
        values_of_name = [properties[name] for properties in per_direction]
        expected[f"{name}_d2_mean"] = np.mean(values_of_name)
        expected[f"{name}_d2_range"] = max(values_of_name) - min(values_of_name)
    assert values == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_glcm_of_its_own_range_ignores_brightness_and_contrast():
    image = smooth((25, 38)) // 4
    expected = pytest.approx(measure("glcm", image, gray_range="image"), rel=1e-6)
    assert measure("glcm", image + np.uint8(100), gray_range="image") == expected
    assert measure("glcm", image * np.uint8(4), gray_range="image") == expected
    # A shift by whole levels leaves differences alone on the full range too, but no averages.
    before, after = measure("glcm", image), measure("glcm", image + np.uint8(64))
    for name in ("contrast", "correlation", "joint_entropy", "cluster_shade"):
        assert after[f"{name}_d1_mean"] == pytest.approx(before[f"{name}_d1_mean"], rel=1e-5)
    assert after["joint_average_d1_mean"] - before["joint_average_d1_mean"] == pytest.approx(8)


def test_glcm_range_tells_stripes_from_spots():
    stripes = np.tile(np.uint8([0, 255]), (20, 10))
    values = measure("glcm", stripes)
    assert values["contrast_d1_range"] == 31**2
    assert values["correlation_d1_range"] == pytest.approx(2)
    assert measure("glcm", noise((60, 60)))["contrast_d1_range"] < 60


def test_images_smaller_than_the_distance_count_as_one_level():
    values = measure("glcm", np.array([[0, 255]], dtype=np.uint8))
    # Of the four directions, one has a pair.
    assert values["contrast_d1_mean"] == 31**2 / 4
    assert (
        values["inverse_difference_moment_d3_mean"] == values["angular_second_moment_d3_mean"] == 1
    )
    assert values["contrast_d3_mean"] == values["inverse_difference_moment_d3_range"] == 0
