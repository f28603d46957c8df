"""RandomTransform: what it draws, where pixels go, and what it refuses."""

import dataclasses

import numpy as np
import pytest
import skops.io

from skfusion import CNNEmbedder, trusted_types
from skfusion.augmentation._random_transform import LIGHT, RECIPE, RandomTransform

ALL = RandomTransform(
    rotation=40,
    shift=(0.2, 0.1),
    shear=0.2,
    zoom=0.2,
    horizontal_flip=True,
    vertical_flip=True,
    brightness=0.3,
    contrast=0.3,
)
DRAWS = [
    "down",
    "right",
    "rotation",
    "shear",
    "zoom",
    "horizontal_flip",
    "vertical_flip",
    "brightness",
    "contrast",
]


class Fixed:
    """A generator with given draws in -1..1; other draws change nothing."""

    def __init__(self, **draws):
        self.draws = draws

    def random(self, size):
        assert size == len(DRAWS)
        return np.array([(self.draws.get(name, 0.0) + 1) / 2 for name in DRAWS])


def noise(shape=(9, 12, 3), dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)


def rng(seed=0):
    return np.random.default_rng(seed)


# Draws.


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(9, 12, 3), (28, 28, 1), (1, 1, 1), (1, 7, 3)])
@pytest.mark.parametrize("fill", ["nearest", "reflect", "wrap", "constant"])
def test_shape_dtype_range_and_input_are_unchanged(shape, dtype, fill):
    image = noise(shape, dtype)
    before = image.copy()
    image.flags.writeable = False
    transform = dataclasses.replace(ALL, fill=fill)
    for seed in range(10):
        changed = transform(image, rng(seed))
        assert changed.shape == shape
        assert changed.dtype == dtype
        assert changed.flags.c_contiguous
        assert changed.flags.writeable
        assert not np.shares_memory(changed, image)
        assert changed.min() >= 0
        assert changed.max() <= 255
    np.testing.assert_array_equal(image, before)


def test_a_seed_is_reproducible_and_later_draws_differ():
    image = noise()
    np.testing.assert_array_equal(ALL(image, rng(3)), ALL(image, rng(3)))
    one = rng(3)
    assert not np.array_equal(ALL(image, one), ALL(image, one))


def test_each_call_draws_the_same_number_of_times():
    one, other = rng(), rng()
    ALL(noise(), one)
    RandomTransform()(noise(), other)
    assert one.random() == other.random()


def test_the_default_returns_an_equal_copy():
    image = noise()
    changed = RandomTransform()(image, rng())
    np.testing.assert_array_equal(changed, image)
    assert not np.shares_memory(changed, image)


@pytest.mark.parametrize(("name", "axis"), [("horizontal_flip", 1), ("vertical_flip", 0)])
def test_flips_are_exact_and_half_of_the_draws(name, axis):
    image = noise((4, 5, 3))
    transform = RandomTransform(**{name: True})
    one, flipped = rng(), 0
    for _ in range(400):
        changed = transform(image, one)
        is_flipped = np.array_equal(changed, np.flip(image, axis))
        assert is_flipped or np.array_equal(changed, image)
        flipped += is_flipped
    assert 160 < flipped < 240


def test_light_flips_nothing_and_recipe_does():
    assert not LIGHT.horizontal_flip
    assert not LIGHT.vertical_flip
    assert RECIPE.horizontal_flip
    assert not RECIPE.vertical_flip


# Geometry.


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 9, 1)])
@pytest.mark.parametrize("turns", [1, -1])
def test_rotation_is_about_the_center_and_counterclockwise(turns, shape, dtype):
    image = noise(shape, dtype)
    changed = RandomTransform(rotation=90)(image, Fixed(rotation=turns))
    np.testing.assert_allclose(changed, np.rot90(image, turns), atol=0.01)


@pytest.mark.parametrize(
    ("fill", "pad"),
    [("nearest", "edge"), ("reflect", "symmetric"), ("wrap", "wrap"), ("constant", "constant")],
)
def test_shift_by_whole_pixels_and_fill(fill, pad):
    image = noise((10, 20, 3))
    transform = RandomTransform(shift=(0.2, 0.25), fill=fill)
    changed = transform(image, Fixed(down=1, right=-1))  # 2 pixels down, 5 to the left
    expected = np.pad(image, ((2, 0), (0, 5), (0, 0)), pad)[:10, 5:]
    np.testing.assert_array_equal(changed, expected)
    if fill == "wrap":
        np.testing.assert_array_equal(changed, np.roll(image, (2, -5), axis=(0, 1)))


def test_constant_fill_value():
    transform = RandomTransform(shift=0.5, fill="constant", fill_value=77)
    changed = transform(noise((4, 4, 3)), Fixed(down=1, right=0))
    assert (changed[:2] == 77).all()


def test_one_shift_is_a_fraction_of_each_side():
    image = noise((10, 20, 1))
    changed = RandomTransform(shift=0.1, fill="wrap")(image, Fixed(down=1, right=1))
    np.testing.assert_array_equal(changed, np.roll(image, (1, 2), axis=(0, 1)))


def test_shear_moves_rows_sideways_by_their_height():
    image = noise((5, 7, 1))
    changed = RandomTransform(shear=1, fill="wrap")(image, Fixed(shear=1))
    expected = [np.roll(row, y - 2, axis=0) for y, row in enumerate(image)]
    np.testing.assert_array_equal(changed, expected)


@pytest.mark.parametrize(("draw", "factor"), [(1, 1.5), (-1, 0.5), (0, 1)])
def test_zoom_is_about_the_center_and_enlarges_above_one(draw, factor):
    down, right = np.mgrid[:11, :21].astype(np.float32)
    image = np.stack([down, right], axis=-1)
    changed = RandomTransform(zoom=0.5)(image, Fixed(zoom=draw))
    expected = (image - (5, 10)) / factor + (5, 10)
    np.testing.assert_allclose(changed, expected.clip(0, (10, 20)), atol=1e-4)


def test_interpolation_keeps_the_mean():
    """Bytes are rounded, not truncated, which would make each image darker by half a step."""
    image = noise((64, 64, 3)) // 4 * 2 + 60
    exact = RECIPE(image.astype(np.float32), rng())
    assert RECIPE(image, rng()).mean() == pytest.approx(exact.mean(), abs=0.05)


def test_brightness_multiplies_and_is_bounded():
    image = noise(dtype=np.float32)
    changed = RandomTransform(brightness=0.5)(image, Fixed(brightness=1))
    np.testing.assert_allclose(changed, np.minimum(image * 1.5, 255), rtol=1e-5)


def test_contrast_keeps_the_mean():
    image = noise(dtype=np.float32)
    changed = RandomTransform(contrast=0.5)(image, Fixed(contrast=-1))
    np.testing.assert_allclose(changed, (image + image.mean()) / 2, rtol=1e-5)


def test_floats_beyond_0_255_keep_their_range():
    image = noise(dtype=np.float32) * 8 - 1024
    changed = RandomTransform(rotation=40, brightness=0.9)(image, Fixed(brightness=1))
    assert changed.min() == image.min()
    assert changed.max() > 255


# Equality.


def test_equal_transforms_have_equal_reprs_and_hashes():
    one = RandomTransform(rotation=40, shift=[0.2, 0.2], horizontal_flip=np.bool_(True))
    other = RandomTransform(rotation=np.float64(40), shift=0.2, horizontal_flip=True)
    assert one == other
    assert repr(one) == repr(other)
    assert hash(one) == hash(other)
    pair = RandomTransform(shift=np.array([0.1, 0.2]))
    assert pair.shift == (0.1, 0.2)
    hash(pair)


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECIPE.rotation = 90


# Invalid parameters.


@pytest.mark.parametrize("name", ["rotation", "shift", "shear", "zoom", "brightness", "contrast"])
@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "0.2", None, True, [0.1], (0.1, 0.2, 0.3)])
def test_an_invalid_number(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be a number"):
        RandomTransform(**{name: value})


@pytest.mark.parametrize("name", ["shift", "zoom", "brightness", "contrast"])
def test_a_number_of_one(name):
    with pytest.raises(ValueError, match=rf"^{name} must be a number from 0 to below 1.*got 1"):
        RandomTransform(**{name: 1})


def test_a_pair_instead_of_a_number():
    with pytest.raises(ValueError, match=r"^zoom must be a number.*got \(0.8, 1.2\)"):
        RandomTransform(zoom=(0.8, 1.2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rotation": 181}, "rotation must be a number from 0 to 180; got 181"),
        ({"shift": (0.1, 2)}, "shift .* or a pair"),
        ({"horizontal_flip": 1}, "horizontal_flip must be True or False; got 1"),
        ({"vertical_flip": None}, "vertical_flip must be True or False; got None"),
        ({"fill": "edge"}, "fill must be one of .*'nearest'.*got 'edge'"),
        ({"fill": ["wrap"]}, "fill must be one of"),
        ({"fill_value": 256}, "fill_value must be a number from 0 to 255; got 256"),
    ],
)
def test_other_parameters_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandomTransform(**arguments)


@pytest.mark.parametrize(
    "pixels", [noise((9, 12)), noise((2, 9, 12, 3)), noise(dtype=float), noise(dtype=np.int16)]
)
def test_invalid_images(pixels):
    with pytest.raises(ValueError, match="one image of shape"):
        RECIPE(pixels, rng())


def test_a_file_of_skops_may_hold_one():
    embedder = CNNEmbedder(augmentation=RandomTransform(rotation=10))
    assert skops.io.get_untrusted_types(data=skops.io.dumps(embedder)) != []
    loaded = skops.io.loads(skops.io.dumps(embedder), trusted=trusted_types())
    assert loaded.augmentation == RandomTransform(rotation=10)
