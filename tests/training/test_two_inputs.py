"""A network of an image and a table: the loop makes no assumption about the number of inputs."""

import numpy as np
import pytest

from skfusion.networks._network import Network
from skfusion.training._array_input import ArrayInput
from skfusion.training._input_group import InputGroup
from skfusion.training._loop import train
from skfusion.training._training_config import TrainingConfig
from skfusion.training._training_data import TrainingData

CONFIG = TrainingConfig(
    "sparse_categorical_crossentropy", epochs=60, batch_size=16, learning_rate=1e-2
)


def joint_network():
    """Build a network whose output needs both inputs."""
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(0)
    image = layers.Input((6, 6, 1), name="image")
    table = layers.Input((2,), name="table")
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    x = layers.Concatenate(name="join")([x, table])
    x = layers.Dense(16, activation="relu", name="dense")(x)
    output = layers.Dense(2, activation="softmax", name="output")(x)
    model = keras.Model({"image": image, "table": table}, output)
    return Network.from_model("joint", model, "none", top="join")


@pytest.fixture(scope="module")
def network():
    return joint_network()


@pytest.fixture(scope="module")
def rows():
    """Bright or dark images, a sign, and the exclusive or of both as the class."""
    rng = np.random.default_rng(0)
    bright, positive = np.arange(64) % 2, np.arange(64) // 2 % 2
    pixels = rng.normal(size=(64, 6, 6, 1)) * 0.2 + bright[:, None, None, None]
    table = rng.normal(size=(64, 2)) * 0.2 + (2 * positive - 1)[:, None]
    return pixels.astype(np.float32), table.astype(np.float32), bright ^ positive


def group(pixels, table, items=None, **more):
    inputs = {"image": ArrayInput(pixels, items, **more), "table": ArrayInput(table)}
    return InputGroup(inputs)


def predict(network, pixels, table):
    return network.to_model().predict_on_batch({"image": pixels, "table": table})


def test_both_inputs_are_learned_from(network, rows):
    pixels, table, target = rows
    held_out = np.arange(16)
    data = TrainingData(group(pixels, table), target, held_out=held_out)
    trained, history = train(network, data, CONFIG)
    outputs = np.asarray(predict(trained, pixels, table))
    assert (outputs.argmax(axis=1) == target).mean() > 0.9
    expected = -np.log(outputs[held_out, target[held_out]]).mean()
    assert history[-1]["val_loss"] == pytest.approx(expected, rel=1e-3)
    assert history[-1]["accuracy"] > 0.9


def test_early_stopping_keeps_the_best_weights(network, rows):
    pixels, table, target = rows
    config = TrainingConfig(
        CONFIG.loss, epochs=20, learning_rate=1e-2, early_stopping=True, n_iter_no_change=2
    )
    held_out = np.arange(16)
    wrong = np.where(np.isin(np.arange(64), held_out), 1 - target, target)
    data = TrainingData(group(pixels, table), wrong, held_out=held_out)
    trained, history = train(network, data, config)
    losses = [line["val_loss"] for line in history]
    assert len(losses) == np.argmin(losses) + 3 < 20
    outputs = np.asarray(predict(trained, pixels, table))
    assert -np.log(outputs[held_out, wrong[held_out]]).mean() == pytest.approx(
        min(losses), rel=1e-3
    )


def test_shared_images_equal_repeated_ones(network, rows):
    """Rows may share an image, and each has its own line of the table."""
    pixels, table, target = rows
    items = np.arange(64) % 8
    config = TrainingConfig(CONFIG.loss, epochs=2)
    shared, _ = train(network, TrainingData(group(pixels[:8], table, items), target), config)
    repeated, _ = train(network, TrainingData(group(pixels[items], table), target), config)
    for a, b in zip(shared.weights, repeated.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_input_is_augmented_in_training_only(network, rows):
    pixels, table, target = rows
    seen = []

    def darken(batch, rng):
        seen.append(len(batch))
        return batch * 0

    config = TrainingConfig(CONFIG.loss, epochs=2)
    held_out = np.arange(16)
    data = TrainingData(group(pixels, table, augmentation=darken), target, held_out=held_out)
    train(network, data, config)
    assert sum(seen) == 2 * 48


def test_frozen_branch_stays_and_the_top_is_trained(network, rows):
    """The new top joins both inputs: no single layer separates what is frozen."""
    pixels, table, target = rows
    config = TrainingConfig(CONFIG.loss, epochs=3)
    data = TrainingData(group(pixels, table), target)
    trained, history = train(network, data, config, fine_tune=("join", None))
    assert [line["stage"] for line in history] == ["top"] * 3
    np.testing.assert_array_equal(trained.weights[0], network.weights[0])
    assert not np.array_equal(trained.weights[2], network.weights[2])
    tuned, history = train(network, data, config, fine_tune=("join", "conv"))
    assert [line["stage"] for line in history] == ["top"] * 3 + ["fine-tune"] * 3
    assert not np.array_equal(tuned.weights[0], network.weights[0])


def test_weights_equal_repetition(network, rows):
    pixels, table, target = rows
    config = TrainingConfig(CONFIG.loss, epochs=5, batch_size=256)
    weights = np.arange(64) % 3
    repeated = np.repeat(np.arange(64), weights)
    one, _ = train(
        network, TrainingData(group(pixels, table), target, weights / weights.mean()), config
    )
    two, _ = train(
        network, TrainingData(group(pixels[repeated], table[repeated]), target[repeated]), config
    )
    np.testing.assert_allclose(predict(one, pixels, table), predict(two, pixels, table), atol=1e-4)


def test_inputs_of_different_lengths_are_an_error():
    with pytest.raises(ValueError, match=r"same number of rows, got \{'image': 3, 'table': 2\}"):
        group(np.zeros((3, 6, 6, 1)), np.zeros((2, 2)))
