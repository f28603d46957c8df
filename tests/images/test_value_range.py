"""Which values are black and white: one rule, decided in fit, kept in `value_ranges_`."""

import io
import pickle
import warnings

import nibabel
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from scipy import ndimage
from sklearn.base import clone

from skfusion import (
    CNNEmbedder,
    FeatureStore,
    ImageAugmenter,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    MicroBatcher,
    PixelFlattener,
)
from tests.encoded_images import encoded

OPEN = ["int16", "int32", "int64", "float16", "float32", "float64"]


def column(cells):
    return pd.DataFrame({"scan": list(cells)})


def photos(n=30, seed=0, size=(6, 7)):
    return np.random.default_rng(seed).integers(0, 256, (n, *size), dtype=np.uint8)


def units(n=30, seed=0, size=(6, 7)):
    return np.random.default_rng(seed).random((n, *size))


def tiff(array):
    stream = io.BytesIO()
    tifffile.imwrite(stream, array)
    return stream.getvalue()


def range_of(cells, **options):
    fitted = PixelFlattener(image_size=(4, 4), **options).fit(column(cells))
    return fitted.value_ranges_[0]


# The rule.


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], (0, 1)),
        ([0.25, 0.5], (0, 1)),
        ([0.0, 1.0], (0, 1)),  # black and white
        ([-1.0, 0.5, 1.0], (-1, 1)),
        ([-0.75, 0.25], (-1, 1)),
        ([0.0, 2.0, 255.0], (0, 255)),
        ([0.0, 0.5, 100.5], (0, 255)),
        ([0.0, 255.5], (0, 4095)),
        ([0.0, 4095.0], (0, 4095)),
        ([0.0, 4096.0], (0, 65535)),
        ([0.0, 65535.0], (0, 65535)),
        ([0.0, 1e6], (0, 1e6)),
        ([-1000.0, 3000.0], (-1000, 3000)),
        ([-3.5, 4.25], (-3.5, 4.25)),  # standardized
        ([0.25, 1.75], (0, 1.75)),
        ([1e-3, 1e-4], (0, 1)),
    ],
)
def test_the_range_of_floats(values, expected):
    images = [np.resize(np.array(values), (4, 4)) for _ in range(3)]
    assert range_of(images) == pytest.approx(expected)
    assert range_of(np.stack(images)) == pytest.approx(expected)
    assert range_of([image.astype(np.float32) for image in images]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0, 1], "int64", (0, 255)),  # as bytes of these values
        ([0, 200], "int16", (0, 255)),
        ([0, 256], "int32", (0, 4095)),
        ([-128, 127], "int8", (-128, 127)),
        ([0, 127], "int8", (0, 255)),
        ([-1, 1], "int16", (-1, 1)),
        ([-1024, 3071], "int16", (-1024, 3071)),
    ],
)
def test_the_range_of_signed_integers(values, dtype, expected):
    images = [np.resize(np.array(values, dtype=dtype), (4, 4)) for _ in range(3)]
    assert range_of(images) == expected


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "uint32"])
def test_types_that_have_a_range_need_none(dtype):
    assert range_of(photos().astype(dtype)) is None


def test_images_of_zeros_show_no_range():
    assert range_of([np.zeros((4, 4))]) is None


@pytest.mark.parametrize("value", [0.5, 1.0, 7.0, 300.0, -3.0, -0.5, 1e9])
def test_constant_images_are_in_range(value):
    images = [np.full((4, 4), value)] * 2
    pixels = PixelFlattener().fit_transform(column(images))
    assert 0 <= pixels.min() == pixels.max() <= 255


def test_each_column_has_its_own_range():
    X = pd.DataFrame({"a": list(units(5)), "b": list(photos(5) * 1.0), "c": list(photos(5))})
    fitted = PixelFlattener().fit(X)
    assert fitted.value_ranges_ == [(0, 1), (0, 255), None]


def test_fitted_ranges_survive_a_pickle_and_no_clone():
    fitted = PixelFlattener().fit(column(units()))
    assert pickle.loads(pickle.dumps(fitted)).value_ranges_ == [(0, 1)]
    assert not hasattr(clone(fitted), "_ranges")


# Tolerance.


@pytest.mark.parametrize("scale", [1, 255, 4095, 65535])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_overshooting_pixel_changes_nothing_else(scale, dtype):
    images = [(unit * scale).astype(dtype) for unit in units(5, size=(12, 12))]
    images[0].flat[:2] = 0, scale
    before = PixelFlattener().fit_transform(column(images))
    images[4] = images[4].copy()
    images[4][0, :2] = 1.004 * scale, -0.004 * scale
    after = PixelFlattener().fit_transform(column(images))
    np.testing.assert_array_equal(after[:4], before[:4])
    assert after[4, :2].tolist() == [255, 0]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_resampled_images_keep_their_range(order):
    """Splines go beyond the values that they pass through."""
    images = [ndimage.zoom(unit, 1.7, order=order) for unit in units(20, size=(20, 20))]
    low, high = range_of(images)
    assert -0.3 < low <= 0
    assert 1 <= high < 1.4
    bytes_like = [
        ndimage.zoom(photo * 1.0, 1.7, order=order) for photo in photos(20, size=(20, 20))
    ]
    low, high = range_of(bytes_like)
    assert -80 < low <= 0
    assert 255 <= high < 340


def test_one_odd_image_does_not_decide():
    images = [*units(20), photos(1)[0] * 1.0]
    with pytest.raises(ImageReadError, match=r"1 of 21 .* row 20 .* another scale than 0 to 1"):
        PixelFlattener().fit_transform(column(images))
    flattener = PixelFlattener(corrupt="missing", missing="nan")
    with pytest.warns(UserWarning, match="row 20"):
        pixels = flattener.fit_transform(column(images))
    assert flattener.value_ranges_ == [(0, 1)]
    assert np.isnan(pixels[20]).all()
    np.testing.assert_allclose(pixels[:20], units(20).reshape(20, -1) * 255, rtol=1e-5)


def test_a_column_of_two_scales_is_an_error_of_the_fewer():
    images = [*(photos(4) * 1.0), units(1)[0]]
    with pytest.raises(ImageReadError, match=r"row 4 .* its values are fractions"):
        PixelFlattener().fit_transform(column(images))


def test_dark_whole_numbers_are_no_other_scale():
    dark = np.zeros((6, 7))
    dark[0, 0] = 1
    pixels = PixelFlattener().fit_transform(column([*(photos(4) * 1.0), dark]))
    assert pixels[4].max() == 1


# At transform.


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_another_scale_is_an_error_of_its_row(dtype):
    fitted = PixelFlattener().fit(column(units()))
    cells = [units(1)[0], photos(1)[0].astype(dtype)]
    with pytest.raises(ImageReadError, match=r"row 1 .*0 to 1, the range found in") as info:
        fitted.transform(column(cells))
    assert [row for row, *_ in info.value.failures] == [1]
    assert "value_range=(low, high)" in str(info.value)
    assert len(str(info.value)) < 700


def test_signed_images_where_fit_saw_none():
    fitted = PixelFlattener().fit(column(units()))
    with pytest.raises(ImageReadError, match="another scale"):
        fitted.transform(column([units(1)[0] * 2 - 1]))


def test_a_row_is_the_same_alone_and_among_others():
    fitted = PixelFlattener().fit(column(photos()))
    cells = [photo.astype(dtype) for photo, dtype in zip(photos(6, 1), OPEN, strict=True)]
    together = fitted.transform(column(cells))
    for row, cell in enumerate(cells):
        np.testing.assert_array_equal(fitted.transform(column([cell]))[0], together[row])


@pytest.mark.parametrize("dtype", OPEN)
@pytest.mark.parametrize("size", [None, (4, 5)])
def test_the_same_values_in_any_type_have_the_same_features(dtype, size):
    """Without a warning, whichever of the types fit saw."""
    same = photos()
    for learned, given in ((same, same.astype(dtype)), (same.astype(dtype), same)):
        flattener = PixelFlattener(image_size=size).fit(column(learned))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            features = flattener.transform(column(given))
        np.testing.assert_array_equal(features, flattener.transform(column(learned)))


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_the_same_values_of_16_bits(dtype):
    same = np.random.default_rng(0).integers(0, 65536, (10, 4, 4), dtype=np.uint16)
    fitted = PixelFlattener().fit(column(same))
    assert fitted.value_ranges_ == [None]
    expected = fitted.transform(column(same))
    np.testing.assert_array_equal(fitted.transform(column(same.astype(dtype))), expected)
    np.testing.assert_allclose(expected, same.reshape(10, -1) / 257, rtol=1e-6)


def test_booleans_and_floats_of_the_same_values():
    masks = photos() > 128
    fitted = PixelFlattener().fit(column(masks))
    expected = masks.reshape(30, -1) * 255
    for dtype in ("bool", "int64", "float64"):
        np.testing.assert_array_equal(fitted.transform(column(masks.astype(dtype))), expected)


def test_12_bits_in_unsigned_integers_need_a_given_range():
    values = np.random.default_rng(0).integers(0, 4096, (5, 4, 4), dtype=np.uint16)
    assert PixelFlattener().fit_transform(column(values)).max() < 16
    reader = ImageReader(value_range=(0, 4095))
    given = PixelFlattener(reader=reader).fit_transform(column(values))
    np.testing.assert_allclose(given, values.reshape(5, -1) * (255 / 4095), rtol=1e-5)
    for cell in (encoded(values[0]), tiff(values[0]), Image.fromarray(values[0])):
        np.testing.assert_allclose(reader.read(cell)[..., 0].ravel(), given[0], rtol=1e-5)


def test_a_batch_of_clients_with_one_scale_each():
    """One client's wrong scale is that client's error."""
    fitted = PixelFlattener().fit(column(units()))
    with MicroBatcher(fitted.transform) as batcher:
        expected = fitted.transform(column(units(1, 3)))
        np.testing.assert_array_equal(batcher(column(units(1, 3))), expected)
        with pytest.raises(ValueError, match="another scale"):
            batcher(column(photos(1) * 1.0))


def test_hounsfield_units_a_little_beyond_are_clipped():
    rng = np.random.default_rng(0)
    scans = rng.integers(-1000, 1500, (10, 6, 6)).astype(np.int16)
    fitted = PixelFlattener().fit(column(scans))
    low, high = fitted.value_ranges_[0]
    metal = scans[:1].copy()
    metal[0, 0, 0], metal[0, 0, 1] = 3071, -1024
    pixels = fitted.transform(column(metal))
    assert pixels[0, :2].tolist() == [255, 0]
    expected = (scans[0].ravel()[2:] - low) / (high - low) * 255
    np.testing.assert_allclose(pixels[0, 2:], expected, atol=1e-3)
    with pytest.raises(ImageReadError, match="another scale"):
        fitted.transform(column(metal * 10))
    with pytest.raises(ImageReadError, match="its values are fractions"):
        fitted.transform(column((scans[:1] + 1000) / 2500.0))


@pytest.mark.parametrize("X", [units(8), photos(8).astype(np.int16) - 100])
def test_arrays_of_images_and_flattened_ones_follow_the_rule(X):
    expected = PixelFlattener().fit_transform(column(X))
    np.testing.assert_array_equal(PixelFlattener().fit_transform(X), expected)
    flat = PixelFlattener(image_shape=X.shape[1:]).fit_transform(X.reshape(len(X), -1))
    np.testing.assert_array_equal(flat, expected)


# A range that is given.


@pytest.mark.parametrize("dtype", ["uint8", *OPEN])
def test_a_given_range_holds_for_arrays_of_any_type(dtype):
    values = np.array([[0, 50, 100]], dtype=dtype)
    pixels = ImageReader(value_range=(0, 100)).read(values)
    np.testing.assert_allclose(pixels[0, :, 0], [0, 127.5, 255], rtol=1e-3)


def test_booleans_and_files_of_8_bits_have_their_own_range():
    reader = ImageReader(value_range=(0, 1))
    assert reader.read(np.array([[True, False]]))[0, :, 0].tolist() == [255, 0]
    np.testing.assert_array_equal(reader.read(encoded(photos(1)[0]))[..., 0], photos(1)[0])


def test_a_given_range_allows_dark_fractions():
    """What would be another scale without it."""
    dark = [photos(1)[0] * 1.0, units(1)[0]]
    reader = ImageReader(value_range=(0, 255))
    pixels = PixelFlattener(reader=reader).fit_transform(column(dark))
    np.testing.assert_allclose(pixels[1], units(1).ravel(), rtol=1e-6)
    with pytest.raises(ImageReadError, match="the value_range of the reader"):
        PixelFlattener(reader=ImageReader(value_range=(0, 1))).fit_transform(column(dark))


def test_a_given_range_is_the_window_of_medical_images():
    values = np.arange(-500, 500, dtype=np.int16).reshape(10, 10, 10)
    image = nibabel.Nifti1Image(values, np.eye(4))
    given = ImageReader(value_range=(-160, 240)).read(image)
    np.testing.assert_array_equal(given, ImageReader(window=(40, 400)).read(image))
    both = ImageReader(value_range=(-160, 240), window="minmax")
    np.testing.assert_array_equal(both.read(image), ImageReader(window="minmax").read(image))


@pytest.mark.parametrize(
    "value_range",
    [(1, 0), (1, 1), (0,), (0, 1, 2), (0, np.nan), (0, np.inf), ("a", "b"), "unit", 1],
)
def test_wrong_ranges(value_range):
    reader = ImageReader(value_range=value_range)
    with pytest.raises(ValueError, match="value_range"):
        PixelFlattener(reader=reader).fit(column(units()))


def test_a_range_can_be_passed_to_read():
    pixels = ImageReader(value_range=(0, 255)).read(np.array([[0.5]]), value_range=(0, 1))
    assert pixels[0, 0, 0] == 127.5


# Files.


@pytest.mark.parametrize(
    "array",
    [
        units(1)[0].astype(np.float32),
        units(1)[0] * 2 - 1,
        units(1)[0].astype(np.float16),
        photos(1)[0].astype(np.float32),
        photos(1)[0].astype(np.int16) * 16,
        photos(1)[0].astype(np.int32) * 20 - 1000,
        photos(1)[0].astype(np.int8),
        photos(1)[0].astype(np.uint32) * 2**24,
        photos(1)[0].astype(np.uint16) * 256,
        photos(1)[0].astype(np.int64) * 2**40,
    ],
    ids=lambda array: f"{array.dtype} to {array.max():.3g}",
)
def test_arrays_and_files_agree(array, tmp_path):
    """Alone and in a column, whichever of both fit saw."""
    (tmp_path / "a.tif").write_bytes(tiff(array))
    expected = ImageReader().read(array)
    np.testing.assert_array_equal(ImageReader().read(tiff(array)), expected)
    cells = [str(tmp_path / "a.tif"), array]
    for learned, given in (cells, cells[::-1]):
        fitted = PixelFlattener().fit(column([learned]))
        np.testing.assert_array_equal(
            fitted.transform(column([given])), fitted.transform(column([learned]))
        )
    with_files, with_arrays = (PixelFlattener().fit(column([cell])) for cell in cells)
    assert with_files.value_ranges_ == with_arrays.value_ranges_


def test_files_of_a_column_have_one_range(tmp_path):
    """Not each its own: a dark one stays dark."""
    for i, scale in enumerate((0.25, 0.5, 1.004)):
        tifffile.imwrite(tmp_path / f"{i}.tif", (units(1)[0] * scale).astype(np.float32))
    names = [str(tmp_path / f"{i}.tif") for i in range(3)]
    flattener = PixelFlattener().fit(column(names))
    assert flattener.value_ranges_ == [(0, 1)]
    pixels = flattener.transform(column(names))
    np.testing.assert_allclose(pixels[0] * 2, pixels[1], rtol=1e-4)


def test_pil_images_of_floats_and_integers_agree_with_arrays():
    for array in (units(1)[0].astype(np.float32), photos(1)[0].astype(np.int32) - 100):
        for cell in (Image.fromarray(array), array):
            fitted = PixelFlattener().fit(column([cell]))
            np.testing.assert_array_equal(
                fitted.transform(column([array]))[0], ImageReader().read(array).ravel()
            )


def test_ordinary_files_are_not_opened_to_find_a_range(tmp_path, monkeypatch):
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path in paths:
        Image.fromarray(photos(1)[0]).save(path)
    opened, real = [], ImageReader._open

    def spy(self, cell, *args, **options):
        opened.append(cell)
        return real(self, cell, *args, **options)

    monkeypatch.setattr(ImageReader, "_open", spy)
    PixelFlattener(image_size=(4, 4), color_mode="rgb").fit(column(map(str, paths)))
    assert len(opened) <= 3  # the shapes


# Pixels that are not read.


def masked(values, mask):
    return np.ma.masked_array(np.array(values), mask=np.array(mask, dtype=bool))


def test_masked_pixels_are_black_and_decide_nothing():
    cell = masked([[0.5, 1.0], [0.25, -9999.0]], [[0, 0], [0, 1]])
    assert range_of([cell]) == (0, 1)
    assert PixelFlattener().fit_transform(column([cell]))[0].tolist() == [127.5, 255, 63.75, 0]
    nan = masked([[0.5, np.nan]], [[0, 1]])
    assert ImageReader().read(nan)[0, :, 0].tolist() == [127.5, 0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int16", "float32"])
def test_masks_of_any_type(dtype):
    cell = masked(np.full((3, 3), 1, dtype=dtype), np.eye(3))
    pixels = ImageReader(value_range=(0, 1)).read(cell)[..., 0]
    np.testing.assert_array_equal(pixels > 0, ~np.eye(3, dtype=bool))


def test_masks_of_channels_and_of_alpha():
    colors = masked(np.full((1, 1, 3), 200, dtype=np.uint8), [[[0, 1, 0]]])
    assert ImageReader().read(colors)[0, 0].tolist() == [200, 0, 200]
    alpha = masked(np.full((1, 2, 2), 255, dtype=np.uint8), [[[0, 1], [0, 0]]])
    assert ImageReader().read(alpha)[0, :, 0].tolist() == [0, 255]


def test_images_that_differ_in_their_mask_are_two():
    values = photos(1)[0]
    cells = [masked(values, np.zeros_like(values)), masked(values, values > 100), values]
    features = PixelFlattener().fit_transform(column(cells))
    assert not np.array_equal(features[0], features[1])
    np.testing.assert_array_equal(features[0], features[2])


def test_masked_arrays_of_images_and_of_rows():
    X = np.ma.masked_less(photos(4).astype(np.float64) - 100, 0)
    expected = PixelFlattener().fit_transform(column(X))
    assert (expected[np.ma.getmaskarray(X).reshape(4, -1)] == 0).all()
    np.testing.assert_array_equal(PixelFlattener().fit_transform(X), expected)
    flat = PixelFlattener(image_shape=(6, 7)).fit_transform(X.reshape(4, -1))
    np.testing.assert_array_equal(flat, expected)


def test_a_mask_of_everything_is_an_error():
    with pytest.raises(ValueError, match="all of its pixels are masked"):
        ImageReader().read(masked([[1.0, 2.0]], [[1, 1]]))


def test_a_store_distinguishes_masks(tmp_path):
    store = FeatureStore(tmp_path / "store")
    values = photos(1)[0]
    cells = [masked(values, values > 100), masked(values, values > 50), values]
    describe = ImageDescriptors(("intensity",), cache=store)
    first = describe.fit_transform(column(cells))
    assert len(np.unique(first, axis=0)) == 3
    np.testing.assert_array_equal(describe.fit_transform(column(cells)), first)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_errors_and_decide_nothing(bad):
    images = [np.full((2, 2), bad), np.full((2, 2), 0.5)]
    flattener = PixelFlattener(corrupt="missing", missing="zero")
    with pytest.warns(UserWarning, match="row 0 .*holds NaN or infinite values; replace or mask"):
        features = flattener.fit_transform(column(images))
    assert features[:, 0].tolist() == [0, 127.5]


# Masks of what is measured.


@pytest.mark.parametrize(
    "mask",
    [
        np.array([[-1.0, 0.0, 1.0]]).repeat(3, 0),
        np.array([[-1, 0, 1]]).repeat(3, 0),
        np.array([[0.0, 0.0, 0.25]], dtype=np.float32).repeat(3, 0),
        np.array([[0, 0, 7]], dtype=np.uint16).repeat(3, 0),
        np.array([[False, False, True]]).repeat(3, 0),
    ],
    ids=lambda mask: str(mask.dtype),
)
@pytest.mark.parametrize("as_file", [False, True])
def test_masks_are_what_is_above_0_in_any_type(mask, as_file):
    """Whatever the range of the images."""
    if as_file and mask.dtype != bool:
        mask = tiff(mask)
    image = np.array([[10, 20, 200]], dtype=np.uint8).repeat(3, 0)
    X = pd.DataFrame({"image": [image], "mask": [mask]})
    for reader in (None, ImageReader(value_range=(-100, 300))):
        options = {"image_size": None, "mask": ["mask"], "reader": reader}
        describe = ImageDescriptors(("intensity",), **options).set_output(transform="pandas")
        features = describe.fit_transform(X)
        assert features["image_intensity_minimum"][0] == features["image_intensity_maximum"][0]
        assert features["image_intensity_minimum"][0] > 190


# Other estimators.


def test_a_store_keeps_ranges_apart(tmp_path):
    """The same array has other features where it has another range."""
    store = FeatureStore(tmp_path / "store")
    cell = np.full((4, 4), 0.5)
    cell[0, 0] = 1.0

    def features(value_range):
        reader = ImageReader(value_range=value_range)
        describe = ImageDescriptors(("intensity",), cache=store, reader=reader)
        return describe.fit_transform(column([cell]))

    assert not np.array_equal(features((0, 1)), features((0, 2)))
    hits = store.stats()["hits"]
    features((0, 1))
    assert store.stats()["hits"] == hits + 1


def test_a_network_is_trained_on_the_range_of_fit():
    images = units(12, size=(10, 10)) * 2 - 1
    options = {"epochs": 1, "image_size": 10, "random_state": 0}
    embedder = CNNEmbedder(**options).fit(column(images), [0, 1] * 6)
    assert embedder.value_ranges_ == [(-1, 1)]
    with pytest.raises(ImageReadError, match="another scale"):
        embedder.transform(column(images * 127))


@pytest.mark.parametrize(
    ("dtype", "scale", "shift"), [("float64", 1, 0), ("float32", 2, -1), ("int16", 2000, -1000)]
)
def test_copies_have_the_type_and_range_of_the_original(dtype, scale, shift):
    images = (units(6, size=(8, 8)) * scale + shift).astype(dtype)
    augmenter = ImageAugmenter(factor=2, augmentation={"horizontal_flip": True}, random_state=0)
    copies, _ = augmenter.fit_resample(column(images), [0, 1] * 3)
    for copy in copies["scan"]:
        assert copy.dtype == dtype
        assert images.min() - 1e-3 * scale <= copy.min()
        assert copy.max() <= images.max() + 1e-3 * scale
