"""ImagePreprocessing: what it accepts, and that it reaches everything that reads images."""

import dataclasses
import pickle
import re

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone

from skfusion import FeatureStore, ImagePreprocessing, ImageReader, PretrainedGAP


def inputs_of_network(input_shape):
    """Return the network's inputs, so that features show how images were preprocessed."""
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, keras.layers.Identity(name="same")(inputs))


def features(images, preprocessing, **parameters):
    gap = PretrainedGAP(inputs_of_network, preprocessing=preprocessing, pooling=None, **parameters)
    return gap.fit_transform(images).reshape(len(images), -1, 3)


def photo(height, width, seed=0):
    """Return a smooth color image, like a photograph."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def cropped(image, side, shorter, method=Image.Resampling.BILINEAR):
    """Resize the shorter side and cut out the center, as torchvision does."""
    height, width = image.shape[:2]
    if height <= width:
        height, width = shorter, int(shorter * width / height)
    else:
        height, width = int(shorter * height / width), shorter
    top, left = round((height - side) / 2), round((width - side) / 2)
    planes = [Image.fromarray(plane) for plane in np.moveaxis(image.astype(np.float32), 2, 0)]
    resized = np.stack([plane.resize((width, height), method) for plane in planes], axis=-1)
    return resized[top : top + side, left : left + side]


# What it accepts.


def test_defaults_divide_by_255():
    pixels = np.array([[[[0, 51, 255]]]], dtype=np.uint8)
    np.testing.assert_allclose(ImagePreprocessing().apply(pixels)[0, 0, 0], [0, 0.2, 1], rtol=1e-6)


def test_formula():
    preprocessing = ImagePreprocessing(scale=0.5, mean=(1, 2, 3), std=(1, 2, 4))
    result = preprocessing.apply(np.full((1, 1, 1, 3), 10.0))
    np.testing.assert_allclose(result[0, 0, 0], [4.0, 1.5, 0.5])


def test_bgr_reverses_channels_before_the_mean():
    pixels = np.array([[[[1, 2, 3]]]], dtype=np.uint8)
    result = ImagePreprocessing(scale=1, mean=(0, 0, 1), channels="bgr").apply(pixels)
    np.testing.assert_array_equal(result[0, 0, 0], [3, 2, 0])
    np.testing.assert_array_equal(pixels[0, 0, 0], [1, 2, 3])


def test_one_number_is_for_all_channels():
    assert ImagePreprocessing(mean=0.5, std=0.5) == ImagePreprocessing(
        mean=(0.5, 0.5, 0.5), std=[0.5, 0.5, 0.5]
    )
    assert ImagePreprocessing(size=224).size == (224, 224)


def test_values_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ImagePreprocessing().scale = 1.0


def test_values_can_be_compared_and_hashed():
    assert len({ImagePreprocessing(), ImagePreprocessing(), ImagePreprocessing(scale=1)}) == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mean": (0.5, 0.5)}, "mean must be one number or three, one for each channel. Got 2"),
        ({"std": (1, 1, 1, 1)}, "std must be one number or three, one for each channel. Got 4"),
        ({"mean": ("a", "b", "c")}, "mean must be a finite number. Got 'a'"),
        ({"std": (1, 0, 1)}, "std must be positive"),
        ({"scale": float("nan")}, "scale must be a finite number"),
        ({"scale": None}, "scale must be a finite number. Got None"),
        ({"channels": "gbr"}, "channels must be one of 'rgb', 'bgr'. Got 'gbr'"),
        ({"resize": "pad"}, "resize must be one of 'stretch', 'crop'. Got 'pad'"),
        ({"resample": "cubic"}, "resample must be one of 'nearest', 'box', 'bilinear'"),
        ({"crop_fraction": 0}, "crop_fraction must be in (0, 1]. Got 0"),
        ({"crop_fraction": 1.5}, "crop_fraction must be in (0, 1]. Got 1.5"),
        ({"size": (224, 224, 3)}, "size must be two positive integers"),
        ({"size": 0}, "size must be two positive integers"),
    ],
)
def test_wrong_values(values, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ImagePreprocessing(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"mean": (123.7, 116.3, 103.5)},
        {"mean": (0.5, 0.5, 1.2)},
        {"mean": -0.5},
        {"mean": 128, "scale": 1 / 127.5},
        {"mean": 0.5, "scale": -1 / 255},
    ],
    ids=["of pixels", "one too large", "negative", "of pixels in -1..1", "inverted"],
)
def test_means_of_other_pixel_values(values):
    with pytest.raises(ValueError, match=r"mean=.* is not in the range of scaled pixels.*scale=1,"):
        ImagePreprocessing(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"mean": (123.7, 116.3, 103.5), "scale": 1},
        {"mean": 1, "scale": 1 / 127.5},
        {"mean": 1.0},
        {"mean": -0.5, "scale": -1 / 255},
    ],
    ids=["of pixels", "of pixels in 0..2", "the largest", "inverted"],
)
def test_means_of_scaled_pixel_values(values):
    preprocessing = ImagePreprocessing(**values)
    pixels = np.full((1, 2, 2, 3), 255, dtype=np.uint8)
    expected = 255 * preprocessing.scale - np.array(preprocessing.mean)
    np.testing.assert_allclose(preprocessing.apply(pixels)[0, 0, 0], expected, rtol=1e-5, atol=1e-6)


def test_three_means_need_three_channels():
    with pytest.raises(
        ValueError, match=r"mean=.* for 3 channels, and the network's images have 1"
    ):
        ImagePreprocessing(mean=(0.1, 0.2, 0.3)).apply(np.zeros((1, 2, 2, 1)))
    assert ImagePreprocessing(mean=0.5).apply(np.zeros((1, 2, 2, 1))).max() == -0.5


# Where it arrives.


def test_own_network_gets_pixels_unless_preprocessing_is_passed():
    image = photo(8, 8)
    pixels = features([image], None, image_size=(8, 8))
    np.testing.assert_array_equal(pixels, image.reshape(1, -1, 3))
    half = ImagePreprocessing(size=8, mean=0.5, std=0.5)
    np.testing.assert_allclose(features([image], half), pixels / 127.5 - 1, atol=1e-6)


def test_named_backbone_takes_other_preprocessing():
    image = photo(32, 32)
    options = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}
    own = PretrainedGAP("MobileNet", **options).fit_transform([image])
    same = ImagePreprocessing(scale=1 / 127.5, mean=1)
    other = ImagePreprocessing(scale=1 / 127.5, mean=1, channels="bgr")
    results = [
        PretrainedGAP("MobileNet", preprocessing=p, **options).fit_transform([image])
        for p in (same, other)
    ]
    np.testing.assert_array_equal(results[0], own)
    assert not np.array_equal(results[1], own)


def test_one_preprocessing_for_each_backbone():
    image = photo(8, 8)
    gap = PretrainedGAP(
        [inputs_of_network] * 2,
        preprocessing=[ImagePreprocessing(scale=1), ImagePreprocessing(scale=2)],
        pooling=None,
        image_size=(8, 8),
    )
    one, two = np.split(gap.fit_transform([image]), 2, axis=1)
    np.testing.assert_array_equal(2 * one, two)


def test_image_size_replaces_the_size_of_preprocessing():
    preprocessing = ImagePreprocessing(size=16)
    assert features([photo(8, 8)], preprocessing).shape[1] == 256
    assert features([photo(8, 8)], preprocessing, image_size=(4, 6)).shape[1] == 24


@pytest.mark.parametrize("shape", [(60, 100), (100, 60), (61, 61), (20, 33)])
@pytest.mark.parametrize("shorter", [32, 36])
def test_crop_equals_resizing_and_then_cropping(shape, shorter):
    image = photo(*shape)
    preprocessing = ImagePreprocessing(32, scale=1, resize="crop", crop_fraction=32 / shorter)
    expected = cropped(image, 32, shorter).reshape(1, -1, 3)
    fractions = image / 255  # bytes would be rounded after each direction
    np.testing.assert_allclose(features([fractions], preprocessing), expected, atol=1e-3)


def test_crop_of_another_shape_keeps_proportions():
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    image[20:80] = 255  # a crop of half the height keeps 25 to 75, and is antialiased
    preprocessing = ImagePreprocessing((20, 40), scale=1, resize="crop")
    assert features([image], preprocessing).min() == 255


def test_own_interpolation_comes_before_that_of_the_reader():
    image = photo(60, 60)
    reader = ImageReader(resample="nearest")
    bicubic = ImagePreprocessing(20, scale=1, resample="bicubic")
    expected = Image.fromarray(image).resize((20, 20), Image.Resampling.BICUBIC)
    result = features([image], bicubic, reader=reader)
    np.testing.assert_array_equal(result[0], np.asarray(expected).reshape(-1, 3))


@pytest.mark.parametrize("sideways", [False, True])
def test_crop_of_a_large_photograph(tmp_path, sideways):
    """A JPEG file decoded at a reduced scale has the same center as one that is decoded whole."""
    image, file = photo(1500, 2600), tmp_path / "photo.jpg"
    exif = Image.Exif()
    if sideways:
        exif[0x0112] = 6
        image = np.rot90(image)
    Image.fromarray(np.ascontiguousarray(image)).save(file, quality=95, exif=exif)
    upright = ImageReader(draft=False).read(file)
    preprocessing = ImagePreprocessing(64, scale=1, resize="crop", crop_fraction=0.8)
    expected = cropped(upright, 64, 80).reshape(1, -1, 3)
    for reader in (None, ImageReader(draft=False)):
        result = features([file], preprocessing, reader=reader)
        assert np.abs(result - expected).mean() < 1


def test_hard_edges_are_decoded_whole(tmp_path):
    """The interpolation of the preprocessing decides whether a file is decoded at reduced scale."""
    file = tmp_path / "photo.jpg"
    Image.fromarray(photo(1500, 2600)).save(file)
    nearest = ImagePreprocessing(64, scale=1, resample="nearest")
    whole = ImageReader(resample="nearest").read(file)
    expected = Image.fromarray(whole).resize((64, 64), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(features([file], nearest)[0], np.asarray(expected).reshape(-1, 3))


def test_each_preprocessing_has_its_own_cached_features(tmp_path):
    image, store = photo(40, 60), FeatureStore(tmp_path)
    options = {"weights": None, "backbone_options": {"alpha": 0.25}, "cache": store}
    results = [
        PretrainedGAP("MobileNet", preprocessing=preprocessing, **options).fit_transform([image])
        for preprocessing in (
            ImagePreprocessing(32),
            ImagePreprocessing(32, resize="crop"),
            ImagePreprocessing(32, resize="crop", crop_fraction=0.8),
            ImagePreprocessing(32, resample="bicubic"),
            ImagePreprocessing(32, mean=0.5),
        )
    ]
    assert len({result.tobytes() for result in results}) == len(results)


def test_a_saved_model_keeps_its_preprocessing():
    image = photo(40, 60)
    preprocessing = ImagePreprocessing(32, mean=0.5, resize="crop", crop_fraction=0.8)
    options = {"weights": None, "backbone_options": {"alpha": 0.25}}
    gap = clone(PretrainedGAP("MobileNet", preprocessing=preprocessing, **options))
    expected = gap.fit_transform([image])
    copy = pickle.loads(pickle.dumps(gap))
    assert copy.preprocessing == preprocessing
    np.testing.assert_array_equal(copy.transform([image]), expected)
