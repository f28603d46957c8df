import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone

from skfusion import ImageDescriptors, ImageReader, ImageReadError, UnreadableImageWarning
from tests.features.descriptors_for_tests import measure, noise, smooth

DEFAULT = ["intensity", "color", "hog", "lbp", "glcm", "shape"]
FAMILIES = [*DEFAULT, "glrlm", "glszm", "wavelet"]
GRAY_WIDTHS = dict(zip(FAMILIES, [21, 19, 324, 28, 88, 13, 16, 16, 35], strict=True))
RGB_WIDTHS = {**GRAY_WIDTHS, "color": 57}


def default_width(widths):
    return sum(widths[family] for family in DEFAULT)


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
        ImageDescriptors(FAMILIES).fit_transform(X),
        np.hstack([parts[family] for family in FAMILIES]),
    )
    np.testing.assert_array_equal(
        ImageDescriptors(["shape", "lbp"]).fit_transform(X),
        np.hstack([parts["shape"], parts["lbp"]]),
    )


def test_feature_names_tell_column_family_and_value():
    frame = pd.DataFrame({"photo": list(noise((2, 8, 8, 3))), "scan": list(noise((2, 8, 8)))})
    descriptors = ImageDescriptors(FAMILIES).fit(frame)
    names = descriptors.get_feature_names_out().tolist()
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
        "photo_glrlm_short_run_emphasis_mean",
        "photo_glszm_zone_percentage",
        "photo_color_red_skewness",
        "photo_wavelet_l1_horizontal_std",
        "photo_shape_hu_1",
        "scan_shape_area_fraction",
    ):
        assert expected in names
    assert "scan_color_red_mean" not in names


def test_names_need_no_image():
    descriptors = ImageDescriptors(color_mode="rgb", missing="nan")
    descriptors.fit(pd.DataFrame({"photo": [None, None]}))
    assert len(descriptors.get_feature_names_out()) == default_width(RGB_WIDTHS)


def test_pandas_output_has_names_and_index():
    frame = pd.DataFrame({"photo": list(noise((2, 8, 8)))}, index=["a", "b"])
    descriptors = ImageDescriptors(["intensity", "glcm"], image_size=None)
    features = descriptors.set_output(transform="pandas").fit_transform(frame)
    assert features.index.tolist() == ["a", "b"]
    assert features.columns[0] == "photo_intensity_mean"
    assert features.columns[21] == "photo_glcm_joint_maximum_d1_mean"
    assert features.loc["a", "photo_intensity_maximum"] == frame["photo"].iloc[0].max()


def test_channels_are_those_of_fit():
    descriptors = ImageDescriptors("color").fit(noise((2, 8, 8)))
    assert descriptors.transform(noise((2, 8, 8, 3))).shape == (2, 19)


# Odd images.

ODD = {
    "one pixel": np.full((1, 1), 9, dtype=np.uint8),
    "tiny": noise((2, 3)),
    "tiny color": noise((2, 3, 3)),
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
    descriptors = ImageDescriptors(FAMILIES, image_size=image_size, color_mode=color_mode)
    features = descriptors.fit_transform([ODD[name]])
    assert np.isfinite(features).all()


@pytest.mark.parametrize("gray_range", ["full", "image"])
def test_values_far_beyond_those_of_fit_are_an_error_of_their_row(gray_range):
    descriptors = ImageDescriptors(FAMILIES, gray_range=gray_range).fit([np.eye(4)])
    with pytest.raises(ImageReadError, match=r"row 1 .*another scale than 0 to 1"):
        descriptors.transform([np.eye(4), np.eye(4) * 1e30])


def test_values_far_beyond_a_declared_range_are_an_error_too():
    reader = ImageReader(value_range=(-1000, 1000))
    descriptors = ImageDescriptors(FAMILIES, reader=reader).fit([np.eye(4)])
    with pytest.raises(ImageReadError, match=r"row 0 .*another scale than -1000 to 1000"):
        descriptors.transform([np.eye(4) * -1e30])


@pytest.mark.parametrize("value", [0, 1, 127, 254, 255])
def test_constant_images_have_the_documented_values(value):
    image = np.full((11, 13), value, dtype=np.uint8)
    intensity = measure("intensity", image)
    assert intensity["mean"] == intensity["p10"] == intensity["maximum"] == value
    assert intensity["std"] == intensity["skewness"] == intensity["kurtosis"] == 0
    assert intensity["entropy"] == 0
    assert intensity["uniformity"] == 1
    assert set(measure("hog", image).values()) == {0.0}
    lbp = measure("lbp", image)
    assert lbp["p8r1_08"] == lbp["p16r2_16"] == 1
    glcm = measure("glcm", image)
    expected_values = {
        "contrast": 0,
        "inverse_difference_moment": 1,
        "angular_second_moment": 1,
        "correlation": 1,
        "information_correlation_1": 0,
        "information_correlation_2": 0,
    }
    for name, expected in expected_values.items():
        assert glcm[f"{name}_d1_mean"] == glcm[f"{name}_d3_mean"] == expected
        assert glcm[f"{name}_d1_range"] == 0


@pytest.mark.parametrize("family", ["hog", "lbp", "glcm", "glrlm", "glszm", "shape"])
def test_rounding_noise_counts_as_flat(family):
    flat, noisy = np.full((20, 20), 100.0), 100 + (noise((20, 20)) - 128.0) * 1e-4
    descriptors = ImageDescriptors(family, image_size=None).fit([np.array([[255.0]])])
    first, second = descriptors.transform([flat, noisy])
    np.testing.assert_array_equal(first, second)


def test_no_size_measures_each_image_at_its_own():
    images = [smooth((40, 30)), noise((7, 90)), noise((3, 3)), smooth((64, 64))]
    descriptors = ImageDescriptors(FAMILIES, image_size=None)
    features = descriptors.fit_transform(images)
    assert features.shape == (4, sum(GRAY_WIDTHS.values()))
    for row, image in zip(features, images, strict=True):
        np.testing.assert_array_equal(row, descriptors.fit_transform([image])[0])
    minima = features[:, descriptors.get_feature_names_out() == "x0_intensity_minimum"]
    np.testing.assert_array_equal(minima.ravel(), [image.min() for image in images])


def test_image_size_resizes_before_measuring():
    image = noise((40, 30))
    resized = np.asarray(Image.fromarray(image).resize((20, 16), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(
        ImageDescriptors(image_size=(16, 20)).fit_transform([image]),
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


def test_corrupt_images(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
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
    assert features.shape == (len(modes), default_width(RGB_WIDTHS))
    assert np.isfinite(features).all()


def test_flattened_images():
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


def test_images_are_not_changed():
    X = noise((3, 8, 8, 3)).astype(np.float32)
    before = X.copy()
    ImageDescriptors(image_size=None).fit_transform(X)
    np.testing.assert_array_equal(X, before)


def test_pickle():
    X = noise((3, 8, 8))
    descriptors = ImageDescriptors(["intensity", "hog"]).fit(X)
    loaded = pickle.loads(pickle.dumps(descriptors))
    np.testing.assert_array_equal(loaded.transform(X), descriptors.transform(X))
