import numpy as np
import pytest
from PIL import Image

from skfusion.images._pixels import (
    RESAMPLING,
    array_shape,
    array_to_pixels,
    convert_channels,
    resize_pixels,
)
from skfusion.images._value_range import ValueRange

UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
OPEN_RANGE = ["int8", "int16", "int32", "int64", "float16", "float32", "float64"]


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


# Types.


def test_uint8_stays_as_it_is():
    image = noise((5, 7, 3))
    pixels = array_to_pixels(image)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, image)


def test_bool_becomes_black_and_white():
    pixels = array_to_pixels(np.array([[True, False]]))
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == [[[255], [0]]]


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_unsigned_integers_are_scaled_by_their_range(dtype):
    largest = np.iinfo(dtype).max
    step = largest // 255  # 255 divides each of these exactly
    pixels = array_to_pixels(np.array([[0, step, 100 * step, largest]], dtype=dtype))
    assert pixels.dtype in (np.uint8, np.float32)
    np.testing.assert_array_equal(pixels[0, :, 0], [0, 1, 100, 255])


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_the_range_of_unsigned_integers_does_not_depend_on_the_image(dtype):
    pixels = array_to_pixels(np.ones((2, 2), dtype=dtype), ValueRange(0.0, 1.0))
    np.testing.assert_allclose(pixels, 255 / np.iinfo(dtype).max, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_up_to_1_are_scaled_by_255(dtype):
    pixels = array_to_pixels(np.array([[0, 0.25, 0.3, 1]], dtype=dtype))
    assert pixels.dtype == np.float32
    expected = np.array([0, 0.25, 0.3, 1], dtype=dtype).astype(np.float64) * 255
    np.testing.assert_allclose(pixels[0, :, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "float16", "float32", "float64"])
def test_signed_integers_and_floats_up_to_255_are_kept(dtype):
    pixels = array_to_pixels(np.array([[0, 2, 200]], dtype=dtype))
    assert pixels.dtype == np.uint8  # as the same values in bytes
    assert pixels[0, :, 0].tolist() == [0, 2, 200]


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_signed_integers_and_floats_up_to_65535_are_divided_by_257(dtype):
    pixels = array_to_pixels(np.array([[0, 257, 257 * 100, 65535]], dtype=dtype))
    np.testing.assert_allclose(pixels[0, :, 0], [0, 1, 100, 255], rtol=1e-6)


def test_half_floats_of_many_levels():
    image = np.array([[0, 32752, 65504]], dtype=np.float16)
    pixels = array_to_pixels(image)
    np.testing.assert_allclose(pixels[0, :, 0], [0, 32752 / 257, 65504 / 257], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_above_16_bits_the_largest_value_is_white(dtype):
    pixels = array_to_pixels(np.array([[0, 500_000, 1_000_000]], dtype=dtype))
    np.testing.assert_allclose(pixels[0, :, 0], [0, 127.5, 255], rtol=1e-6)


@pytest.mark.parametrize("dtype", OPEN_RANGE)
def test_a_given_range_decides(dtype):
    pixels = array_to_pixels(np.array([[0, 1, 2]], dtype=dtype), ValueRange(0.0, 2.0))
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels[0, :, 0], [0, 127.5, 255])


@pytest.mark.parametrize("dtype", [">u2", ">i4", ">f4", ">f8"])
def test_byte_order_makes_no_difference(dtype):
    values = np.array([[0, 1000, 65535]])
    pixels = array_to_pixels(values.astype(dtype))
    expected = array_to_pixels(values.astype(np.dtype(dtype).newbyteorder("=")))
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.dtype.isnative


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.ones((2, 2), dtype=complex), "complex128"),
        (np.full((2, 2), "a"), "<U1"),
        (np.full((2, 2), None), "object"),
        (np.zeros((2, 2), dtype="datetime64[s]"), "datetime64"),
    ],
)
def test_other_types_are_refused(array, kind):
    with pytest.raises(ValueError, match=f"dtype {kind}.* is no image"):
        array_to_pixels(array)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_values_that_are_not_finite_are_refused(bad, dtype):
    image = np.ones((2, 2, 3), dtype=dtype)
    image[1, 0, 2] = bad
    with pytest.raises(ValueError, match="holds NaN or infinite values"):
        array_to_pixels(image)


def test_the_array_of_the_caller_is_unchanged():
    for image in (noise((4, 4, 4)), noise((4, 4, 2)) / 255, noise((4, 4)) > 100):
        before = image.copy()
        array_to_pixels(image)
        np.testing.assert_array_equal(image, before)


# Shapes.


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4, 5), (4, 5, 1)),
        ((4, 5, 1), (4, 5, 1)),
        ((4, 5, 2), (4, 5, 1)),
        ((4, 5, 3), (4, 5, 3)),
        ((4, 5, 4), (4, 5, 3)),
        ((1, 1), (1, 1, 1)),
    ],
)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int64", "float16", "float64"])
def test_shapes(shape, expected, dtype):
    pixels = array_to_pixels(np.ones(shape, dtype=dtype))
    assert pixels.shape == expected


def test_height_comes_first():
    assert array_shape(np.zeros((4, 5))) == (4, 5, 1)
    assert array_shape(np.zeros((4, 5, 3))) == (4, 5, 3)


def test_gray_is_the_same_with_and_without_a_channel_axis():
    image = noise((4, 5)) / 255
    np.testing.assert_array_equal(array_to_pixels(image), array_to_pixels(image[..., None]))


@pytest.mark.parametrize("array", [np.zeros(()), np.zeros(3), np.zeros((1, 2, 3, 3))])
def test_other_dimensions_are_refused(array):
    with pytest.raises(ValueError, match=r"is no image: \(height, width\) or"):
        array_to_pixels(array)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 5, 3)])
def test_no_pixels(shape):
    with pytest.raises(ValueError, match="has no pixels"):
        array_to_pixels(np.zeros(shape))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_in_front_get_a_hint(channels):
    with pytest.raises(ValueError, match=r"has 32 channels; move its channels to the last axis"):
        array_to_pixels(np.zeros((channels, 32, 32)))


@pytest.mark.parametrize("shape", [(8, 8, 5), (8, 8, 0)])
def test_other_numbers_of_channels_get_no_wrong_hint(shape):
    with pytest.raises(ValueError, match=f"has {shape[2]} channels$"):
        array_to_pixels(np.zeros(shape))


# Transparency.


def test_rgba_lies_on_white_by_default():
    image = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [10, 20, 30, 51]]], dtype=np.uint8)
    pixels = array_to_pixels(image)
    assert pixels.dtype == np.uint8
    # A fifth (51 of 255) of the color and four fifths of white.
    assert pixels[0].tolist() == [[255, 255, 255], [10, 20, 30], [206, 208, 210]]


def test_rgba_on_another_background():
    image = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [10, 20, 30, 51]]], dtype=np.uint8)
    pixels = array_to_pixels(image, background=(100, 0, 250))
    assert pixels[0].tolist() == [[100, 0, 250], [10, 20, 30], [82, 4, 206]]


def test_gray_with_alpha_lies_on_the_gray_of_the_background():
    image = np.array([[[10, 0], [10, 255], [10, 51]]], dtype=np.uint8)
    assert array_to_pixels(image)[0, :, 0].tolist() == [255, 10, 206]
    pixels = array_to_pixels(image, background=(255, 0, 0))
    assert pixels[0, :, 0].tolist() == [76, 10, 63]  # the luma of red is 0.299 * 255


@pytest.mark.parametrize(
    ("dtype", "white"), [("uint16", 65535), ("float32", 1), ("float64", 255), ("int32", 65535)]
)
def test_alpha_has_the_range_of_the_colors(dtype, white):
    image = np.array([[[0, 0, 0, 0], [0, 0, 0, white], [0, 0, 0, white / 5]]])
    pixels = array_to_pixels(image.astype(dtype))
    np.testing.assert_allclose(pixels[0], [[255] * 3, [0] * 3, [204] * 3], atol=1e-3)


def test_transparency_agrees_with_pillow():
    image = noise((16, 16, 4))
    under = Image.new("RGBA", (16, 16), "white")
    expected = np.asarray(Image.alpha_composite(under, Image.fromarray(image)).convert("RGB"))
    difference = array_to_pixels(image).astype(int) - expected
    assert np.abs(difference).max() <= 1


# Channels.


def test_gray_becomes_color_by_repetition():
    gray = noise((3, 4, 1))
    np.testing.assert_array_equal(convert_channels(gray, 3), np.concatenate([gray] * 3, axis=2))


def test_color_becomes_gray_by_luma():
    colors = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]])
    for dtype in (np.uint8, np.float32):
        gray = convert_channels(colors.astype(dtype), 1)
        assert gray.shape == (1, 4, 1)
        assert gray.dtype == dtype
        np.testing.assert_allclose(gray[0, :, 0], [76.245, 149.685, 29.07, 255], atol=0.5)
    np.testing.assert_allclose(gray[0, :, 0], [76.245, 149.685, 29.07, 255], rtol=1e-6)


def test_luma_of_bytes_agrees_with_pillow():
    image = noise((9, 9, 3))
    expected = np.asarray(Image.fromarray(image).convert("L"))
    np.testing.assert_array_equal(convert_channels(image, 1)[..., 0], expected)
    np.testing.assert_allclose(
        convert_channels(image.astype(np.float32), 1)[..., 0], expected, atol=1
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_that_are_there_already(channels):
    image = noise((3, 4, channels))
    assert convert_channels(image, channels) is image


# Size.


@pytest.mark.parametrize("resample", sorted(RESAMPLING))
@pytest.mark.parametrize("size", [(5, 8), (31, 16)])
@pytest.mark.parametrize("channels", [1, 3])
def test_bytes_are_resized_as_pillow_does(resample, size, channels):
    pixels = noise((12, 20, channels))
    image = Image.fromarray(pixels.squeeze())
    expected = image.resize((size[1], size[0]), RESAMPLING[resample])
    resized = resize_pixels(pixels, size, resample)
    assert resized.dtype == np.uint8
    np.testing.assert_array_equal(resized, np.asarray(expected).reshape(*size, channels))


@pytest.mark.parametrize("resample", sorted(RESAMPLING))
@pytest.mark.parametrize("channels", [1, 3])
def test_floats_are_resized_like_bytes(resample, channels):
    image = noise((12, 20, channels)) // 128 * 255  # edges, beyond which bicubic overshoots
    resized = resize_pixels(image.astype(np.float32), (12, 31), resample)
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, resize_pixels(image, (12, 31), resample), atol=1)
    assert resized.min() >= 0
    assert resized.max() <= 255


def test_resizing_keeps_what_lies_beyond_0_to_255():
    image = np.array([[-10, 300]], dtype=np.float32)[..., np.newaxis]
    assert resize_pixels(image, (2, 2), "nearest")[1, :, 0].tolist() == [-10, 300]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_shrinking_averages_all_pixels(dtype):
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 200).astype(dtype)[..., np.newaxis]
    shrunk = resize_pixels(checks, (4, 4))
    np.testing.assert_allclose(shrunk, 100, atol=5)


def test_size_that_is_there_already():
    image = noise((3, 4, 1))
    assert resize_pixels(image, (3, 4)) is image


def test_resizing_a_view():
    image = noise((12, 20, 3))
    expected = resize_pixels(np.ascontiguousarray(image[::-1, ::2]), (4, 4))
    np.testing.assert_array_equal(resize_pixels(image[::-1, ::2], (4, 4)), expected)
