"""make_augmentation: every form that a user may pass, and what is refused."""

import random

import keras
import numpy as np
import pytest

from skfusion.augmentation._augmentation import make_augmentation
from skfusion.augmentation._random_transform import LIGHT, RECIPE, RandomTransform


def batch(shape=(4, 12, 10, 3), dtype=np.uint8):
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


def rng(seed=0):
    return np.random.default_rng(seed)


# Names, dicts and transforms.


def test_none_is_none():
    assert make_augmentation(None) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("spec", ["light", "recipe", {"rotation": 20, "brightness": 0.2}, RECIPE])
def test_reproducible_bounded_and_the_batch_unchanged(spec, dtype):
    augmentation, pixels = make_augmentation(spec), batch(dtype=dtype)
    before = pixels.copy()
    pixels.flags.writeable = False
    changed = augmentation(pixels, rng(1))
    assert changed.dtype == dtype
    assert changed.shape == pixels.shape
    assert changed.min() >= 0
    assert changed.max() <= 255
    np.testing.assert_array_equal(changed, augmentation(pixels, rng(1)))
    assert not np.array_equal(changed, augmentation(pixels, rng(2)))
    np.testing.assert_array_equal(pixels, before)


def test_images_of_a_batch_change_independently():
    pixels = np.repeat(batch((1, 12, 10, 3)), 5, axis=0)
    changed = make_augmentation("light")(pixels, rng())
    assert len(np.unique(changed.reshape(5, -1), axis=0)) == 5


def test_all_forms_of_one_transform_agree():
    forms = [
        "recipe",
        RECIPE,
        {"horizontal_flip": True, "zoom": 0.2, "shear": 0.2, "shift": 0.2, "rotation": 40},
        {"rotation": 40.0, "shift": [0.2, 0.2], "shear": 0.2, "zoom": 0.2, "horizontal_flip": True},
    ]
    made = [make_augmentation(form) for form in forms]
    assert len({augmentation.key for augmentation in made}) == 1
    changed = [augmentation(batch(), rng()) for augmentation in made]
    for other in changed[1:]:
        np.testing.assert_array_equal(changed[0], other)


def test_other_transforms_have_other_keys():
    specs = ["light", "recipe", {}, {"rotation": 1}, RandomTransform(rotation=2)]
    assert len({make_augmentation(spec).key for spec in specs}) == len(specs)
    assert make_augmentation("light").key == repr(LIGHT)


def test_an_empty_batch():
    for spec in ("recipe", lambda pixels: pixels.astype(np.float32)):
        assert make_augmentation(spec)(batch((0, 12, 10, 3)), rng()).shape == (0, 12, 10, 3)


# Keras layers.


def keras_layers():
    layers = keras.layers
    nested = keras.Sequential([layers.RandomRotation(0.2, seed=1), layers.RandomContrast(0.5)])
    return [layers.RandomFlip(), keras.Sequential([layers.RandomFlip("horizontal"), nested])]


def seeds_of(layer):
    return [keras.ops.convert_to_numpy(variable).tolist() for variable in layer.variables]


@pytest.mark.parametrize("position", [0, 1])
def test_a_keras_layer_is_reproducible_and_not_changed(position):
    layer, pixels = keras_layers()[position], batch()
    seeds, state = seeds_of(layer), random.getstate()
    augmentation = make_augmentation(layer)
    assert augmentation.key is None
    changed = augmentation(pixels, rng(1))
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 255
    np.testing.assert_array_equal(changed, augmentation(pixels, rng(1)))
    one = rng(1)
    assert not np.array_equal(augmentation(pixels, one), augmentation(pixels, one))
    np.testing.assert_array_equal(pixels, batch())
    assert seeds_of(layer) == seeds
    assert random.getstate() == state


def test_the_seeds_of_a_keras_layer_do_not_matter():
    one, other = (make_augmentation(keras.layers.RandomFlip(seed=seed)) for seed in (1, 2))
    np.testing.assert_array_equal(one(batch(), rng()), other(batch(), rng()))


def test_a_keras_layer_keeps_its_weights():
    layer = keras.layers.Normalization(axis=-1)
    layer.adapt(batch(dtype=np.float32))
    changed = make_augmentation(layer)(batch(dtype=np.float32) + 200, rng())
    # Means of about 127 and deviations of about 74 stay those of the batch that it has seen.
    assert changed.mean() == pytest.approx(200 / 74, rel=0.1)


def test_a_keras_layer_that_draws_from_numpy_is_reproducible():
    class Shifted(keras.layers.Layer):
        def call(self, pixels):
            return pixels * 0 + 100 * np.random.random()  # noqa: NPY002

    augmentation = make_augmentation(Shifted())
    changed = augmentation(batch(), rng(1))
    np.testing.assert_array_equal(changed, augmentation(batch(), rng(1)))
    assert changed.max() != augmentation(batch(), rng(2)).max()


def test_a_keras_layer_of_other_output_shape():
    with pytest.raises(ValueError, match=r"random_crop.*\(4, 12, 10, 3\).*\(4, 5, 5, 3\)"):
        make_augmentation(keras.layers.RandomCrop(5, 5))(batch(), rng())


def test_a_keras_layer_that_cannot_be_copied():
    class Own(keras.layers.Layer):
        def __init__(self, strength):
            super().__init__(name="own")

    with pytest.raises(ValueError, match=r"(?s)augmentation own cannot be copied.*Pass a function"):
        make_augmentation(Own(3))


# Functions.


def test_a_function_of_the_pixels():
    augmentation = make_augmentation(lambda pixels: 255 - pixels)
    assert augmentation.key is None
    np.testing.assert_array_equal(augmentation(batch(), rng()), 255 - batch())


def test_a_function_of_pixels_and_generator():
    def noisy(pixels, generator):
        return pixels + generator.normal(0, 9, pixels.shape)

    augmentation = make_augmentation(noisy)
    changed = augmentation(batch(), rng(1))
    assert changed.dtype == np.float32
    assert changed.min() == 0
    assert changed.max() == 255
    np.testing.assert_array_equal(changed, augmentation(batch(), rng(1)))
    assert not np.array_equal(changed, augmentation(batch(), rng(2)))


class Darker:
    def __call__(self, pixels, rng):
        return pixels * rng.uniform(0.5, 1)

    def method(self, pixels):
        return pixels // 2


def test_a_callable_object_and_a_method():
    assert make_augmentation(Darker())(batch(), rng()).max() < 255
    np.testing.assert_array_equal(make_augmentation(Darker().method)(batch(), rng()), batch() // 2)


def test_a_second_argument_with_a_default_is_not_the_generator():
    np.testing.assert_array_equal(make_augmentation(np.flip)(batch(), rng()), np.flip(batch()))


def test_a_function_may_change_its_batch_in_place():
    def blacken(pixels):
        pixels[:] = 0
        return pixels

    pixels = batch()
    assert not make_augmentation(blacken)(pixels, rng()).any()
    np.testing.assert_array_equal(pixels, batch())


def test_pixels_beyond_0_255_keep_their_range():
    pixels = batch(dtype=np.float32) * 8 - 1024
    np.testing.assert_array_equal(make_augmentation(lambda p: p * 2)(pixels, rng()).min(), -1024)


def test_an_error_of_the_function_is_raised():
    def broken(pixels):
        raise KeyError("image")

    with pytest.raises(KeyError, match="image"):
        make_augmentation(broken)(batch(), rng())


# Invalid augmentations.


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "it returned a NoneType"),
        ("text", "it returned a str"),
        ([[1], [1, 2]], "it returned a list"),
        (np.ones((4, 12, 10, 3), bool), "must return an array of numbers .* it returned a ndarray"),
        (np.ones((4, 12, 10, 3), complex), "must return an array of numbers"),
        (np.ones((12, 10, 3)), r"\(4, 12, 10, 3\) into shape \(12, 10, 3\)"),
        (np.ones((4, 12, 10)), r"\(4, 12, 10, 3\) into shape \(4, 12, 10\)"),
        (np.full((4, 12, 10, 3), np.nan), r"shape \(4, 12, 10, 3\) with NaN or infinite"),
        (np.full((4, 12, 10, 3), np.inf), "with NaN or infinite"),
    ],
)
def test_bad_results_are_errors_with_name_and_shape(result, message):
    def my_augmentation(pixels):
        return result

    with pytest.raises(ValueError, match=rf"my_augmentation .*{message}"):
        make_augmentation(my_augmentation)(batch(), rng())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("heavy", r"augmentation='heavy' is unknown; the names are \['light', 'recipe'\]"),
        ({"rotation_range": 40}, r"unknown keys \['rotation_range'\]; the keys are \['rotation',"),
        ({1: 2}, r"unknown keys \[1\]; the keys are"),
        ({"zoom": "much"}, "zoom must be a number"),
    ],
)
def test_wrong_names_and_dicts(spec, message):
    with pytest.raises(ValueError, match=message):
        make_augmentation(spec)


@pytest.mark.parametrize("spec", [3, 0.2, True, ["light"], ("rotation", 40), batch()])
def test_other_types_are_errors(spec):
    with pytest.raises(TypeError, match="augmentation must be None, 'light', 'recipe', a dict"):
        make_augmentation(spec)


@pytest.mark.parametrize("spec", [RandomTransform, keras.layers.RandomFlip])
def test_a_class_is_an_error(spec):
    with pytest.raises(TypeError, match=f"got the class {spec.__name__}, not an instance"):
        make_augmentation(spec)
