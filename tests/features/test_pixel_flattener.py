import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skfusion import ImageReader, PixelFlattener
from tests.features.descriptors_for_tests import noise, smooth

SCALINGS = [None, "unit", "standard"]
GRAY, RGB = noise((5, 6, 4)), noise((5, 6, 4, 3))


# Scaling.


def test_pixels_are_left_as_they_are():
    np.testing.assert_array_equal(PixelFlattener().fit_transform(GRAY), GRAY.reshape(5, -1))


def test_unit_scaling():
    features = PixelFlattener(scaling="unit").fit_transform(RGB)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, RGB.reshape(5, -1) / 255, rtol=1e-6)
    assert features.max() <= 1


def test_standard_scaling_is_per_image():
    features = PixelFlattener(scaling="standard").fit_transform(RGB)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=1), 1, rtol=1e-6)
    other = (RGB // 4 + np.arange(5, dtype=np.uint8)[:, None, None, None]).astype(np.uint8)
    expected = PixelFlattener(scaling="standard").fit_transform(RGB // 4)
    brighter = PixelFlattener(scaling="standard").fit_transform(other)
    np.testing.assert_allclose(brighter, expected, atol=1e-5)


@pytest.mark.parametrize("value", [0, 100, 255])
def test_flat_images_become_0(value):
    flat = np.full((2, 5, 5), value, dtype=np.uint8)
    assert not PixelFlattener(scaling="standard").fit_transform(flat).any()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_row_does_not_depend_on_the_others(scaling):
    X = noise((150, 4, 5))
    flattener = PixelFlattener(scaling=scaling).fit(X)
    together = flattener.transform(X)
    np.testing.assert_array_equal(flattener.transform(X[[77]]), together[[77]])


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize(("missing", "fill"), [("nan", np.nan), ("zero", 0.0)])
def test_missing_images(scaling, missing, fill):
    flattener = PixelFlattener(scaling=scaling, missing=missing)
    features = flattener.fit_transform([GRAY[0], None, GRAY[1]])
    np.testing.assert_array_equal(features[1], np.full(24, fill))
    assert np.isfinite(features[[0, 2]]).all()


@pytest.mark.parametrize("scaling", ["none", "minmax", 1, True])
def test_unknown_scaling(scaling):
    with pytest.raises(ValueError, match="The 'scaling' parameter of PixelFlattener must be"):
        PixelFlattener(scaling=scaling).fit(GRAY)


def test_set_params_takes_effect_at_the_next_fit():
    flattener = PixelFlattener().fit(GRAY)
    flattener.set_params(scaling="unit", image_size=(3, 3))
    np.testing.assert_array_equal(flattener.transform(GRAY), GRAY.reshape(5, -1))
    np.testing.assert_array_equal(flattener.inverse_transform(GRAY.reshape(5, -1)), GRAY)
    assert flattener.fit_transform(GRAY).max() <= 1
    assert flattener.n_features_out_ == 9


# Back to images.


@pytest.mark.parametrize("scaling", [None, "unit"])
@pytest.mark.parametrize("X", [GRAY, RGB], ids=["gray", "rgb"])
def test_bytes_come_back_as_they_were(X, scaling):
    flattener = PixelFlattener(scaling=scaling)
    images = flattener.inverse_transform(flattener.fit_transform(X))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, X)


@pytest.mark.parametrize("scaling", [None, "unit"])
def test_floats_come_back_as_they_were(scaling):
    X = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    X[0, 0, 0] = 1
    flattener = PixelFlattener(scaling=scaling)
    images = flattener.inverse_transform(flattener.fit_transform(X), dtype="float32")
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, X * 255, rtol=1e-6)


def test_standardized_images_come_back_in_mid_gray():
    flattener = PixelFlattener(scaling="standard")
    rows = flattener.fit_transform(GRAY)
    images = flattener.inverse_transform(rows, dtype="float32")
    np.testing.assert_allclose(images.mean(axis=(1, 2)), 127.5, rtol=1e-5)
    np.testing.assert_allclose(images.std(axis=(1, 2)), 42.5, rtol=1e-5)
    # Which is what transform makes of them again.
    np.testing.assert_allclose(flattener.transform(images), rows, atol=1e-5)


def test_what_is_beyond_the_range_is_cut_off():
    flattener = PixelFlattener(scaling="unit").fit(GRAY)
    rows = np.linspace(-1, 2, 24, dtype=np.float32)[np.newaxis]
    clipped = flattener.inverse_transform(rows)
    expected = np.rint(np.clip(rows * 255, 0, 255)).reshape(1, 6, 4)
    np.testing.assert_array_equal(clipped, expected)
    whole = flattener.inverse_transform(rows, dtype="float32")
    np.testing.assert_allclose(whole, rows.reshape(1, 6, 4) * 255, rtol=1e-6)


def test_infinite_values_are_an_error_and_nan_is_black():
    flattener = PixelFlattener(missing="nan").fit(GRAY)
    rows = flattener.transform([GRAY[0], None])
    np.testing.assert_array_equal(flattener.inverse_transform(rows), [GRAY[0], GRAY[0] * 0])
    assert np.isnan(flattener.inverse_transform(rows, dtype="float32")[1]).all()
    with pytest.raises(ValueError, match="infinity"):
        flattener.inverse_transform(np.full((1, 24), np.inf))


def test_resized_images_come_back_at_the_size_they_were_given():
    flattener = PixelFlattener((12, 10), color_mode="grayscale")
    rows = flattener.fit_transform([Image.fromarray(RGB[0]), smooth((30, 20))])
    images = flattener.inverse_transform(rows)
    assert images.shape == (2, 12, 10)
    np.testing.assert_array_equal(PixelFlattener().fit_transform(images), rows)


def test_flattened_input_comes_back_as_images():
    flattener = PixelFlattener(image_shape=(6, 4, 3))
    rows = flattener.fit_transform(RGB.reshape(5, -1))
    np.testing.assert_array_equal(flattener.inverse_transform(rows), RGB)


def test_several_columns_come_back_as_a_list():
    frame = pd.DataFrame({"front": list(RGB), "scan": list(GRAY), "back": list(RGB[::-1, :2])})
    for output in ("default", "pandas", "polars"):
        flattener = PixelFlattener().set_output(transform=output)
        front, scan, back = flattener.inverse_transform(flattener.fit_transform(frame))
        np.testing.assert_array_equal(front, RGB)
        np.testing.assert_array_equal(scan, GRAY)
        np.testing.assert_array_equal(back, RGB[::-1, :2])


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame, list], ids=str)
def test_rows_in_any_container(container):
    flattener = PixelFlattener().fit(GRAY)
    rows = container(GRAY.reshape(5, -1).tolist())
    if container is pl.DataFrame:
        rows = pl.DataFrame(GRAY.reshape(5, -1), schema=[str(i) for i in range(24)])
    np.testing.assert_array_equal(flattener.inverse_transform(rows), GRAY)


def test_components_can_be_looked_at():
    images = load_digits().images / 16
    pipe = make_pipeline(PixelFlattener(scaling="unit"), PCA(40, random_state=0)).fit(images)
    flattener, pca = pipe[0], pipe[1]
    components = flattener.inverse_transform(pca.components_, dtype="float32")
    assert components.shape == (40, 8, 8)
    np.testing.assert_allclose(components.reshape(40, -1), pca.components_ * 255, rtol=1e-5)
    restored = pipe.inverse_transform(pipe.transform(images))
    assert restored.dtype == np.uint8
    difference = restored.astype(float) - np.rint(images * 255)
    assert np.abs(difference).mean() < 8
    mean = flattener.inverse_transform(pca.mean_.reshape(1, -1))[0]
    np.testing.assert_allclose(mean, images.mean(axis=0) * 255, atol=0.51)


def test_rows_are_not_changed():
    for dtype in (np.float32, np.float64):
        rows = np.linspace(-1, 2, 24, dtype=dtype)[np.newaxis]
        before = rows.copy()
        for scaling in SCALINGS:
            PixelFlattener(scaling=scaling).fit(GRAY).inverse_transform(rows)
        np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("columns", [23, 25, 72])
def test_another_number_of_columns(columns):
    flattener = PixelFlattener().fit(GRAY)
    message = rf"X has {columns} columns, but the images .* \(6, 4, 1\), take 24"
    with pytest.raises(ValueError, match=message):
        flattener.inverse_transform(np.zeros((2, columns)))


def test_a_single_row_without_brackets():
    with pytest.raises(ValueError, match="Reshape your data"):
        PixelFlattener().fit(GRAY).inverse_transform(np.zeros(24))


@pytest.mark.parametrize("dtype", ["float64", np.int8, None, 7])
def test_other_dtypes(dtype):
    with pytest.raises(ValueError, match="dtype must be 'uint8' or 'float32'"):
        PixelFlattener().fit(GRAY).inverse_transform(np.zeros((1, 24)), dtype=dtype)


def test_numpy_names_for_dtypes():
    flattener = PixelFlattener().fit(GRAY)
    for dtype in (np.uint8, np.float32):
        assert flattener.inverse_transform(np.zeros((1, 24)), dtype=dtype).dtype == dtype


def test_not_fitted():
    with pytest.raises(NotFittedError):
        PixelFlattener().inverse_transform(np.zeros((1, 24)))


def test_clone_and_pickle():
    flattener = PixelFlattener(scaling="standard", reader=ImageReader())
    assert clone(flattener).get_params()["scaling"] == "standard"
    rows = flattener.fit_transform(GRAY)
    loaded = pickle.loads(pickle.dumps(flattener))
    np.testing.assert_array_equal(loaded.transform(GRAY), rows)
    np.testing.assert_array_equal(loaded.inverse_transform(rows), flattener.inverse_transform(rows))


def test_indicators_are_no_pixels():
    images = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    flattener = PixelFlattener(missing="zero", add_indicator=True)
    rows = flattener.fit_transform([images[0], None, images[1]])
    assert rows.shape == (3, 17)
    np.testing.assert_array_equal(flattener.inverse_transform(rows)[[0, 2]], images)
    with pytest.raises(ValueError, match="take 16, and 1 are indicators"):
        flattener.inverse_transform(rows[:, :16])


def test_a_row_of_large_images_makes_no_names(peak_memory):
    """A prediction of one row must not cost a name for each of 150,528 columns."""
    image = np.zeros((1, 224, 224, 3), "uint8")
    flattener = PixelFlattener().fit(image)
    row, peak = peak_memory(lambda: flattener.transform(image))
    # The names alone would take more than 60 bytes each.
    assert peak < 3 * row.nbytes + 2e6
