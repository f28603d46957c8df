import pickle
from itertools import product

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage, stats
from skimage.draw import disk, ellipse
from skimage.feature import graycomatrix, graycoprops, hog, local_binary_pattern
from skimage.measure import regionprops
from sklearn.base import clone

from skfusion import ImageDescriptors, ImageReadError, UnreadableImageWarning

FAMILIES = ["intensity", "color", "hog", "lbp", "glcm", "shape"]
GRAY_WIDTHS = {"intensity": 12, "color": 18, "hog": 324, "lbp": 28, "glcm": 24, "shape": 13}
RGB_WIDTHS = {**GRAY_WIDTHS, "color": 54}
LBP_CIRCLES = [(8, 1), (16, 2)]


def measure(family, picture, **options):
    """Name -> value of one picture at its own size."""
    descriptors = ImageDescriptors(family, **{"image_size": None, **options})
    values = descriptors.fit_transform([picture])[0].astype(np.float64)
    names = descriptors.get_feature_names_out()
    prefix = f"x0_{family}_"
    assert all(name.startswith(prefix) for name in names)
    return {name.removeprefix(prefix): value for name, value in zip(names, values, strict=True)}


def noise(shape, seed=0, high=256):
    return np.random.default_rng(seed).integers(0, high, shape).astype(np.uint8)


def smooth(shape, seed=0):
    """A picture with broad blobs over all grey levels."""
    values = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return np.rint((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)


def blob(shape=(40, 50), offset=(0, 0)):
    """An object without symmetry, bright on black, of 6 + 12 + 3 pixels."""
    picture = np.zeros(shape, dtype=np.uint8)
    row, column = 10 + offset[0], 12 + offset[1]
    picture[row : row + 2, column : column + 3] = 200
    picture[row + 2 : row + 6, column + 1 : column + 4] = 200
    picture[row + 6, column + 3 : column + 6] = 200
    return picture


def hist(values, prefix):
    return np.array([value for name, value in values.items() if name.startswith(prefix)])


# The matrix and its names.


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("channels", "widths"), [((), GRAY_WIDTHS), ((3,), RGB_WIDTHS)])
def test_width_dtype_and_names(family, channels, widths):
    X = noise((3, 20, 24, *channels))
    descriptors = ImageDescriptors(family)
    features = descriptors.fit_transform(X)
    assert features.shape == (3, widths[family])
    assert features.dtype == np.float32
    names = descriptors.get_feature_names_out()
    assert len(set(names)) == descriptors.n_features_out_ == widths[family]


def test_all_families_stand_side_by_side_in_the_order_given():
    X = noise((2, 16, 16, 3))
    parts = {family: ImageDescriptors(family).fit_transform(X) for family in FAMILIES}
    np.testing.assert_array_equal(
        ImageDescriptors().fit_transform(X), np.hstack([parts[family] for family in FAMILIES])
    )
    np.testing.assert_array_equal(
        ImageDescriptors(["shape", "lbp"]).fit_transform(X),
        np.hstack([parts["shape"], parts["lbp"]]),
    )


def test_feature_names_tell_column_family_and_value():
    frame = pd.DataFrame({"photo": list(noise((2, 8, 8, 3))), "scan": list(noise((2, 8, 8)))})
    names = ImageDescriptors().fit(frame).get_feature_names_out().tolist()
    assert len(names) == sum(RGB_WIDTHS.values()) + sum(GRAY_WIDTHS.values())
    assert names[0] == "photo_intensity_mean"
    for expected in (
        "photo_intensity_skewness",
        "photo_color_blue_hist_15",
        "scan_color_gray_std",
        "photo_hog_0000",
        "scan_hog_0323",
        "photo_lbp_p8r1_09",
        "photo_lbp_p16r2_17",
        "photo_glcm_contrast_d1_mean",
        "photo_glcm_correlation_d3_range",
        "photo_shape_hu_1",
        "scan_shape_area_fraction",
    ):
        assert expected in names
    assert "scan_color_red_mean" not in names


def test_names_need_no_picture():
    descriptors = ImageDescriptors(color_mode="rgb", missing="nan")
    descriptors.fit(pd.DataFrame({"photo": [None, None]}))
    assert len(descriptors.get_feature_names_out()) == sum(RGB_WIDTHS.values())


def test_pandas_output_has_names_and_index():
    frame = pd.DataFrame({"photo": list(noise((2, 8, 8)))}, index=["a", "b"])
    descriptors = ImageDescriptors(["intensity", "glcm"], image_size=None)
    features = descriptors.set_output(transform="pandas").fit_transform(frame)
    assert features.index.tolist() == ["a", "b"]
    assert features.columns[0] == "photo_intensity_mean"
    assert features.columns[12] == "photo_glcm_contrast_d1_mean"
    assert features.loc["a", "photo_intensity_maximum"] == frame["photo"].iloc[0].max()


def test_color_mode_decides_the_columns():
    gray, rgb = noise((2, 8, 8)), noise((2, 8, 8, 3))
    for X, mode, width in [(gray, "rgb", 54), (rgb, "grayscale", 18), (rgb, "auto", 54)]:
        assert ImageDescriptors("color", color_mode=mode).fit_transform(X).shape == (2, width)


def test_channels_are_those_of_fit():
    descriptors = ImageDescriptors("color").fit(noise((2, 8, 8)))
    assert descriptors.transform(noise((2, 8, 8, 3))).shape == (2, 18)


# Values against computations of their own.


def test_intensity_agrees_with_scipy():
    picture = smooth((30, 41))
    values = picture.ravel().astype(np.float64)
    shares = np.histogram(values, bins=32, range=(0, 256))[0] / values.size
    expected = {
        "mean": values.mean(),
        "std": values.std(),
        "skewness": stats.skew(values),
        "kurtosis": stats.kurtosis(values),
        "minimum": values.min(),
        "p10": np.quantile(values, 0.1),
        "median": np.median(values),
        "p90": np.quantile(values, 0.9),
        "maximum": values.max(),
        "interquartile_range": stats.iqr(values),
        "entropy": stats.entropy(shares, base=2),
        "uniformity": (shares**2).sum(),
    }
    assert measure("intensity", picture) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_intensity_of_colour_is_that_of_its_luma():
    picture = noise((9, 11, 3))
    luma = np.asarray(Image.fromarray(picture).convert("L"))
    assert measure("intensity", picture) == measure("intensity", luma)


def test_intensity_shifts_with_an_additive_constant():
    picture = smooth((30, 30)) // 2
    before, after = measure("intensity", picture), measure("intensity", picture + np.uint8(64))
    for name in ("mean", "minimum", "p10", "median", "p90", "maximum"):
        assert after[name] - before[name] == pytest.approx(64, abs=1e-4)
    # 64 is a whole number of bins: even the histogram keeps its form.
    for name in ("std", "skewness", "kurtosis", "interquartile_range", "entropy", "uniformity"):
        assert after[name] == pytest.approx(before[name], rel=1e-5)


def test_entropy_and_uniformity_of_two_levels():
    picture = np.repeat([[0], [255]], 4, axis=1).astype(np.uint8)
    values = measure("intensity", picture)
    assert values["entropy"] == 1.0
    assert values["uniformity"] == 0.5
    assert values["kurtosis"] == -2.0


def test_intensity_is_not_clipped_but_its_histogram_is():
    picture = np.array([[-100.0, 400.0]], dtype=np.float32)
    descriptors = ImageDescriptors("intensity", image_size=None)
    descriptors.fit([np.array([[255.0]], dtype=np.float32)])
    values = dict(
        zip(descriptors.get_feature_names_out(), descriptors.transform([picture])[0], strict=True)
    )
    assert values["x0_intensity_minimum"] == -100
    assert values["x0_intensity_maximum"] == 400
    assert values["x0_intensity_entropy"] == 1.0


def test_color_histograms_and_moments():
    picture = noise((12, 14, 3))
    picture[..., 1] //= 2
    values = measure("color", picture)
    for channel, name in enumerate(["red", "green", "blue"]):
        plane = picture[..., channel]
        shares = np.histogram(plane, bins=16, range=(0, 256))[0] / plane.size
        np.testing.assert_allclose(hist(values, f"{name}_hist"), shares, rtol=1e-6)
        assert hist(values, f"{name}_hist").sum() == pytest.approx(1)
        assert values[f"{name}_mean"] == pytest.approx(plane.mean())
        assert values[f"{name}_std"] == pytest.approx(plane.std())


@pytest.mark.parametrize("shape", [(32, 48), (32, 48, 3)])
def test_hog_agrees_with_scikit_image(shape):
    picture = smooth(shape)
    expected = hog(
        picture,
        orientations=9,
        pixels_per_cell=(8, 12),
        cells_per_block=(2, 2),
        block_norm="L2-Hys",
        channel_axis=None if len(shape) == 2 else 2,
    )
    np.testing.assert_allclose(list(measure("hog", picture).values()), expected, atol=1e-5)


@pytest.mark.parametrize(("axis", "orientation"), [(1, 0), (0, 4)])
def test_hog_of_a_straight_edge_has_one_orientation(axis, orientation):
    picture = np.zeros((37, 41), dtype=np.uint8)
    picture[(slice(None),) * axis + (slice(20, None),)] = 255
    blocks = np.array(list(measure("hog", picture).values())).reshape(9, 4, 9)
    assert blocks[..., orientation].max() > 0.4
    assert np.delete(blocks, orientation, axis=2).max() == 0


@pytest.mark.parametrize(("points", "radius"), LBP_CIRCLES)
@pytest.mark.parametrize(
    # scikit-image decides ties by float rounding: where there are many, a few pixels differ.
    ("picture", "atol"),
    [(noise((100, 100)), 5e-4), (smooth((60, 50)), 0.02)],
    ids=["noise", "smooth"],
)
def test_lbp_agrees_with_scikit_image(picture, atol, points, radius):
    padded = np.pad(picture, radius, mode="edge")
    codes = local_binary_pattern(padded, points, radius, "uniform")
    codes = codes[radius:-radius, radius:-radius].astype(int)
    expected = np.bincount(codes.ravel(), minlength=points + 2) / codes.size
    shares = hist(measure("lbp", picture), f"p{points}r{radius}_")
    np.testing.assert_allclose(shares, expected, atol=atol)
    assert shares.sum() == pytest.approx(1)
    assert shares.max() < 0.9


def test_lbp_counted_by_hand():
    # On a 3 x 3 picture with a bright middle the border pixels see at least 5 of 8 neighbours
    # that are as bright, since the border is continued; no neighbour of the middle is.
    picture = np.full((3, 3), 10, dtype=np.uint8)
    picture[1, 1] = 90
    shares = hist(measure("lbp", picture), "p8r1_")
    np.testing.assert_allclose(shares, np.array([1, 0, 0, 0, 0, 0, 0, 0, 8, 0]) / 9, rtol=1e-6)
    # A dark middle: all 8 are brighter there, and the others see it darker, with the part of it
    # that reaches the interpolated diagonals.
    picture[1, 1] = 0
    shares = hist(measure("lbp", picture), "p8r1_")
    # An edge's middle has it ahead and its two diagonals pass through it: 8 - 3 remain; a
    # corner's one diagonal does: 8 - 1 remain.
    np.testing.assert_allclose(shares, np.array([0, 0, 0, 0, 0, 4, 0, 4, 1, 0]) / 9, rtol=1e-6)


def test_lbp_ignores_brightness_and_turns():
    picture = noise((21, 33), high=100)
    values = measure("lbp", picture)
    assert measure("lbp", picture + np.uint8(155)) == values
    assert measure("lbp", np.rot90(picture)) == values
    assert measure("lbp", picture.T) == values


def test_glcm_contrast_by_explicit_loops():
    picture = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]], dtype=np.uint8)
    contrasts = []
    for down, right in [(0, 1), (1, 1), (1, 0), (1, -1)]:
        squares = []
        for row, column in product(range(4), range(4)):
            other = row + down, column + right
            if 0 <= other[0] < 4 and 0 <= other[1] < 4:
                squares.append((int(picture[row, column]) - int(picture[other])) ** 2)
        contrasts.append(np.mean(squares))
    # 32 levels over 0..255: 8 grey levels each, of which any value falls into the same bin.
    values = measure("glcm", picture * 8 + np.uint8(5))
    assert values["contrast_d1_mean"] == pytest.approx(np.mean(contrasts))
    assert values["contrast_d1_range"] == pytest.approx(max(contrasts) - min(contrasts))


@pytest.mark.parametrize("picture", [smooth((31, 27)), noise((31, 27))], ids=["smooth", "noise"])
def test_glcm_agrees_with_scikit_image(picture):
    angles = np.arange(4) * np.pi / 4
    matrix = graycomatrix(picture // 8, [1, 3], angles, 32, symmetric=True, normed=True)
    expected = {}
    for name in ("contrast", "dissimilarity", "homogeneity", "energy", "correlation", "entropy"):
        for i, distance in enumerate([1, 3]):
            if name == "entropy":
                per_angle = stats.entropy(matrix[:, :, i].reshape(-1, 4), base=2)
            else:
                per_angle = graycoprops(matrix, name)[i]
            expected[f"{name}_d{distance}_mean"] = np.mean(per_angle)
            expected[f"{name}_d{distance}_range"] = max(per_angle) - min(per_angle)
    assert measure("glcm", picture) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_glcm_does_not_change_under_quarter_turns():
    picture = smooth((25, 38))
    expected = pytest.approx(measure("glcm", picture), rel=1e-6, abs=1e-7)
    assert measure("glcm", np.rot90(picture)) == expected
    assert measure("glcm", picture.T) == expected


def test_glcm_range_tells_stripes_from_spots():
    stripes = np.tile(np.uint8([0, 255]), (20, 10))
    values = measure("glcm", stripes)
    assert values["contrast_d1_range"] == 31**2
    assert values["correlation_d1_range"] == pytest.approx(2)
    assert measure("glcm", noise((60, 60)))["contrast_d1_range"] < 60


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
    # The last moment tells a picture from its mirror image.
    mirrored = measure("shape", blob()[:, ::-1])
    assert mirrored.pop("hu_7") == pytest.approx(-reference.pop("hu_7"), rel=1e-4)
    assert mirrored == pytest.approx(reference, rel=1e-4)


def test_shape_of_a_disc():
    picture = np.zeros((120, 130), dtype=np.uint8)
    picture[disk((60, 62), 40)] = 255
    values = measure("shape", picture)
    assert values["compactness"] == pytest.approx(1, abs=0.02)
    assert values["eccentricity"] == pytest.approx(0, abs=0.01)
    assert values["extent"] == pytest.approx(np.pi / 4, abs=0.02)
    assert values["solidity"] > 0.97
    assert values["perimeter"] == pytest.approx(2 * np.pi * 40 / 500, rel=0.02)
    assert values["hu_1"] == pytest.approx(12 + np.log10(1 / (2 * np.pi)), abs=0.01)
    assert values["hu_3"] == values["hu_7"] == 0


def test_shape_agrees_with_regionprops():
    picture = np.zeros((150, 140), dtype=np.uint8)
    picture[ellipse(70, 66, 50, 24, rotation=0.5)] = 180
    picture[60:100, 66:80] = 0
    (region,) = regionprops((picture > 0).astype(np.uint8))
    values = measure("shape", picture)
    assert values["eccentricity"] == pytest.approx(region.eccentricity, rel=1e-3)
    assert values["solidity"] == pytest.approx(region.solidity, rel=0.02)
    assert values["extent"] == pytest.approx(region.extent)
    assert values["area_fraction"] == pytest.approx(region.area / picture.size)


def test_foreground_may_be_dark():
    picture = blob()
    inverse = 255 - picture
    assert measure("shape", inverse) == measure("shape", picture)
    assert measure("shape", inverse)["area_fraction"] < 0.1


def test_one_level_has_no_foreground():
    assert set(measure("shape", np.full((9, 9), 77, dtype=np.uint8)).values()) == {0.0}


# Odd pictures.

ODD = {
    "one pixel": np.full((1, 1), 9, dtype=np.uint8),
    "tiny": noise((2, 3)),
    "tiny colour": noise((2, 3, 3)),
    "row": noise((1, 50)),
    "column": noise((50, 1)),
    "black": np.zeros((20, 20), dtype=np.uint8),
    "white": np.full((20, 20, 3), 255, dtype=np.uint8),
    "constant float": np.full((20, 20), 0.1, dtype=np.float32),
    "nearly constant float": 100 + noise((20, 20), high=2).astype(np.float32) * 1e-5,
    "beyond the range": np.linspace(-300, 255, 400, dtype=np.float32).reshape(20, 20),
    "negative only": np.linspace(-300, -1, 400, dtype=np.float32).reshape(20, 20),
    "one bright pixel": np.pad(np.full((1, 1), 255, dtype=np.uint8), 9),
    "boolean": np.eye(7, dtype=bool),
    "16 bits": noise((9, 9)).astype(np.uint16) * 257,
    "two levels": np.pad(np.zeros((4, 4), dtype=np.uint8), 4, constant_values=1),
}


@pytest.mark.parametrize("image_size", [None, (1, 1), (3, 2), (128, 128)], ids=str)
@pytest.mark.parametrize("color_mode", ["grayscale", "rgb"])
@pytest.mark.parametrize("name", ODD)
def test_values_are_finite(name, color_mode, image_size):
    descriptors = ImageDescriptors(image_size=image_size, color_mode=color_mode)
    features = descriptors.fit_transform([ODD[name]])
    assert np.isfinite(features).all()


def test_values_far_beyond_those_of_fit_are_finite():
    descriptors = ImageDescriptors().fit([np.eye(4)])
    assert np.isfinite(descriptors.transform([np.eye(4) * 1e30, np.eye(4) * -1e30])).all()


@pytest.mark.parametrize("value", [0, 1, 127, 254, 255])
def test_constant_pictures_have_the_documented_values(value):
    picture = np.full((11, 13), value, dtype=np.uint8)
    intensity = measure("intensity", picture)
    assert intensity["mean"] == intensity["p10"] == intensity["maximum"] == value
    assert intensity["std"] == intensity["skewness"] == intensity["kurtosis"] == 0
    assert intensity["entropy"] == 0
    assert intensity["uniformity"] == 1
    assert set(measure("hog", picture).values()) == {0.0}
    lbp = measure("lbp", picture)
    assert lbp["p8r1_08"] == lbp["p16r2_16"] == 1
    glcm = measure("glcm", picture)
    for name, expected in {"contrast": 0, "homogeneity": 1, "energy": 1, "correlation": 1}.items():
        assert glcm[f"{name}_d1_mean"] == glcm[f"{name}_d3_mean"] == expected
        assert glcm[f"{name}_d1_range"] == 0


def test_pictures_smaller_than_the_distance_count_as_one_level():
    values = measure("glcm", np.array([[0, 255]], dtype=np.uint8))
    # Of the four directions, one has a pair.
    assert values["contrast_d1_mean"] == 31**2 / 4
    assert values["homogeneity_d3_mean"] == values["energy_d3_mean"] == 1
    assert values["contrast_d3_mean"] == values["homogeneity_d3_range"] == 0


@pytest.mark.parametrize("family", ["hog", "lbp", "glcm", "shape"])
def test_rounding_noise_counts_as_flat(family):
    flat, noisy = np.full((20, 20), 100.0), 100 + (noise((20, 20)) - 128.0) * 1e-4
    descriptors = ImageDescriptors(family, image_size=None).fit([np.array([[255.0]])])
    first, second = descriptors.transform([flat, noisy])
    np.testing.assert_array_equal(first, second)


def test_no_size_measures_each_picture_at_its_own():
    pictures = [smooth((40, 30)), noise((7, 90)), noise((3, 3)), smooth((64, 64))]
    descriptors = ImageDescriptors(image_size=None)
    features = descriptors.fit_transform(pictures)
    assert features.shape == (4, sum(GRAY_WIDTHS.values()))
    for row, picture in zip(features, pictures, strict=True):
        np.testing.assert_array_equal(row, descriptors.fit_transform([picture])[0])
    minima = features[:, descriptors.get_feature_names_out() == "x0_intensity_minimum"]
    np.testing.assert_array_equal(minima.ravel(), [picture.min() for picture in pictures])


def test_image_size_resizes_before_measuring():
    picture = noise((40, 30))
    resized = np.asarray(Image.fromarray(picture).resize((20, 16), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(
        ImageDescriptors(image_size=(16, 20)).fit_transform([picture]),
        ImageDescriptors(image_size=None).fit_transform([resized]),
    )


# Rows.


def test_a_row_does_not_depend_on_the_others():
    X = noise((40, 12, 12, 3))
    descriptors = ImageDescriptors(image_size=(16, 16)).fit(X)
    together = descriptors.transform(X)
    for row in (0, 17, 39):
        np.testing.assert_array_equal(descriptors.transform(X[row : row + 1])[0], together[row])
    np.testing.assert_array_equal(descriptors.transform(X[::-1]), together[::-1])


def test_missing_rows():
    frame = pd.DataFrame({"photo": [noise((8, 8)), None, noise((8, 8), 1)]})
    features = ImageDescriptors(missing="nan").fit_transform(frame)
    assert np.isnan(features[1]).all()
    assert np.isfinite(features[[0, 2]]).all()
    assert not ImageDescriptors(missing="zero").fit_transform(frame)[1].any()
    with pytest.raises(ImageReadError, match="row 1"):
        ImageDescriptors().fit(frame)


def test_corrupt_pictures(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    frame = pd.DataFrame({"photo": [noise((8, 8)), tmp_path / "broken.png"]})
    with pytest.raises(ImageReadError, match=r"row 1 .*broken\.png"):
        ImageDescriptors().fit_transform(frame)
    descriptors = ImageDescriptors(corrupt="missing", missing="nan")
    with pytest.warns(UnreadableImageWarning, match="row 1"):
        features = descriptors.fit_transform(frame)
    assert np.isnan(features).all(axis=1).tolist() == [False, True]


def test_files_of_any_mode_are_measured(tmp_path):
    modes = ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"]
    paths = [tmp_path / f"{i}.png" for i in range(len(modes))]
    for mode, path in zip(modes, paths, strict=True):
        Image.fromarray(noise((9, 7, 3))).convert("L" if mode == "I;16" else "RGB").convert(
            mode
        ).save(path)
    features = ImageDescriptors().fit_transform(pd.Series(paths))
    assert features.shape == (len(modes), sum(RGB_WIDTHS.values()))
    assert np.isfinite(features).all()


def test_flattened_pictures():
    X = noise((5, 6, 4))
    flattened = ImageDescriptors(image_shape=(6, 4)).fit_transform(X.reshape(5, -1))
    np.testing.assert_array_equal(flattened, ImageDescriptors().fit_transform(X))


# Parameters.


@pytest.mark.parametrize("descriptors", [["lbp", "sift"], ("sift",), "sift"])
def test_unknown_descriptor(descriptors):
    with pytest.raises(ValueError, match="sift") as raised:
        ImageDescriptors(descriptors).fit(noise((2, 8, 8)))
    assert all(family in str(raised.value) for family in FAMILIES)


@pytest.mark.parametrize(
    ("descriptors", "message"),
    [
        ([], "empty"),
        ((), "empty"),
        (["lbp", "lbp"], "twice"),
        ([["lbp"]], "must be one or several"),
        ([None], "must be one or several"),
        (7, "'descriptors' parameter"),
    ],
)
def test_invalid_descriptors(descriptors, message):
    with pytest.raises(ValueError, match=message):
        ImageDescriptors(descriptors).fit(noise((2, 8, 8)))


def test_parameters_are_left_as_they_are():
    families, size = ["lbp", "glcm"], [10, 12]
    descriptors = ImageDescriptors(families, image_size=size).fit(noise((2, 8, 8)))
    assert descriptors.descriptors is families
    assert descriptors.image_size is size
    assert families == ["lbp", "glcm"]
    assert size == [10, 12]


def test_set_params_takes_effect_at_the_next_fit():
    X = noise((3, 8, 8))
    descriptors = ImageDescriptors("lbp").fit(X)
    expected = descriptors.transform(X)
    descriptors.set_params(descriptors=["glcm"], image_size=None)
    np.testing.assert_array_equal(descriptors.transform(X), expected)
    np.testing.assert_array_equal(descriptors.fit_transform(X), clone(descriptors).fit_transform(X))
    assert descriptors.n_features_out_ == GRAY_WIDTHS["glcm"]


def test_pictures_are_not_changed():
    X = noise((3, 8, 8, 3)).astype(np.float32)
    before = X.copy()
    ImageDescriptors(image_size=None).fit_transform(X)
    np.testing.assert_array_equal(X, before)


def test_pickle():
    X = noise((3, 8, 8))
    descriptors = ImageDescriptors(["intensity", "hog"]).fit(X)
    loaded = pickle.loads(pickle.dumps(descriptors))
    np.testing.assert_array_equal(loaded.transform(X), descriptors.transform(X))
