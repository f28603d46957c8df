"""One training run: validation, early stopping, what is told on the way."""

import numpy as np
import pytest

from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network
from skfusion.training._loop import train
from skfusion.training._training_config import TrainingConfig


@pytest.fixture(scope="module")
def problem():
    """Noise with a bright or dark square, the class, and a network to learn it."""
    rng = np.random.default_rng(0)
    targets = np.arange(60) % 2
    pixels = rng.integers(0, 120, size=(60, 12, 12, 1), dtype=np.uint8)
    pixels[targets == 1, 4:8, 4:8] += 100
    network = build_network(
        "small_cnn", input_shape=(12, 12, 1), options={"filters": (4, 4), "dense_units": 8}
    )
    return add_top(network, n_outputs=2, activation="softmax"), pixels, targets


PLAN = {"loss": "sparse_categorical_crossentropy", "learning_rate": 1e-2}


def log_loss(network, pixels, targets):
    likelihood = network.embed(pixels)[np.arange(len(targets)), targets]
    return float(-np.log(likelihood).mean())


def test_the_loss_falls_and_the_start_stays(problem):
    network, pixels, targets = problem
    before = [array.copy() for array in network.weights]
    trained, history = train(network, pixels, targets, TrainingConfig(epochs=30, **PLAN))
    assert [line["epoch"] for line in history] == list(range(30))
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    assert log_loss(trained, pixels, targets) < log_loss(network, pixels, targets)
    for array, old in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_best_weights_are_restored(problem):
    network, pixels, targets = problem
    held_out = np.arange(20)
    shuffled = targets.copy()
    shuffled[held_out] = 1 - targets[held_out]  # validation gets worse as training goes on
    trained, history = train(
        network, pixels, shuffled, TrainingConfig(epochs=30, patience=3, **PLAN), held_out=held_out
    )
    losses = [line["val_loss"] for line in history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 4 < 30
    assert log_loss(trained, pixels[held_out], shuffled[held_out]) == pytest.approx(
        losses[best], rel=1e-4
    )


def test_without_patience_the_last_weights_stay(problem):
    network, pixels, targets = problem
    held_out = np.arange(20)
    trained, history = train(
        network, pixels, 1 - targets, TrainingConfig(epochs=4, **PLAN), held_out=held_out
    )
    assert log_loss(trained, pixels[held_out], 1 - targets[held_out]) == pytest.approx(
        history[-1]["val_loss"], rel=1e-4
    )


def test_held_out_rows_take_no_part(problem):
    network, pixels, targets = problem
    held_out = np.arange(20)
    other = pixels.copy()
    other[held_out] = 0
    plan = TrainingConfig(epochs=2, **PLAN)
    one, _ = train(network, pixels, targets, plan, held_out=held_out)
    two, _ = train(network, other, targets, plan, held_out=held_out)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_regression_validates_with_weights(problem):
    _, pixels, targets = problem
    base = build_network("small_cnn", input_shape=(12, 12, 1), options={"dense_units": 4})
    network = add_top(base, n_outputs=1, activation="linear")
    values = targets[:, np.newaxis].astype(np.float32)
    held_out = np.arange(20)
    weight = np.linspace(1, 5, 60)
    trained, history = train(
        network,
        pixels,
        values,
        TrainingConfig("mean_squared_error", epochs=1),
        held_out=held_out,
        sample_weight=weight,
    )
    errors = (trained.embed(pixels[held_out]) - values[held_out])[:, 0] ** 2
    expected = np.average(errors, weights=weight[held_out])
    assert history[0]["val_loss"] == pytest.approx(expected, rel=1e-4)
    assert "val_accuracy" not in history[0]


def test_the_caller_is_told_and_can_stop(problem):
    network, pixels, targets = problem
    told = []

    def on_epoch(epoch, values):
        told.append((epoch, values["loss"]))
        return epoch == 1

    _, history = train(
        network, pixels, targets, TrainingConfig(epochs=9, **PLAN), on_epoch=on_epoch
    )
    assert told == [(line["epoch"], line["loss"]) for line in history]
    assert len(told) == 2


def test_nan_names_the_learning_rate(problem):
    network, pixels, targets = problem
    values = np.eye(2, dtype=np.float32)[targets]
    plan = TrainingConfig("mean_squared_error", epochs=5, learning_rate=1e30, optimizer="sgd")
    with pytest.raises(FloatingPointError, match=r"learning_rate=1e\+30"):
        train(network, 50.0 * pixels, 50 * values, plan)
    # The trainer that met NaN is not used again.
    sane = TrainingConfig(epochs=1, **PLAN)
    assert np.isfinite(train(network, pixels, targets, sane)[1][0]["loss"])
