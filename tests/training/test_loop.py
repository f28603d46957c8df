"""Training runs: stages, learning rates, validation, early stopping, callers, inputs."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import r2_score

from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network
from skfusion.training._array_input import ArrayInput
from skfusion.training._learning_rate_schedule import LearningRateSchedule
from skfusion.training._loop import train
from skfusion.training._training_config import TrainingConfig
from skfusion.training._training_data import TrainingData


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


def train_on_images(network, pixels, targets, config, *, weights=None, held_out=None, **more):
    data = TrainingData(ArrayInput(pixels, preprocess=network.prepare), targets, weights, held_out)
    return train(network, data, config, **more)


CONFIG = {"loss": "sparse_categorical_crossentropy", "learning_rate": 1e-2}


def log_loss(network, pixels, targets):
    likelihood = network.embed(pixels)[np.arange(len(targets)), targets]
    return float(-np.log(likelihood).mean())


def test_the_loss_falls_and_the_start_stays(problem):
    network, pixels, targets = problem
    before = [array.copy() for array in network.weights]
    trained, history = train_on_images(
        network, pixels, targets, TrainingConfig(epochs=30, **CONFIG)
    )
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
    trained, history = train_on_images(
        network,
        pixels,
        shuffled,
        TrainingConfig(epochs=30, early_stopping=True, n_iter_no_change=3, **CONFIG),
        held_out=held_out,
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
    trained, history = train_on_images(
        network, pixels, 1 - targets, TrainingConfig(epochs=4, **CONFIG), held_out=held_out
    )
    assert log_loss(trained, pixels[held_out], 1 - targets[held_out]) == pytest.approx(
        history[-1]["val_loss"], rel=1e-4
    )


def test_held_out_rows_take_no_part(problem):
    network, pixels, targets = problem
    held_out = np.arange(20)
    other = pixels.copy()
    other[held_out] = 0
    config = TrainingConfig(epochs=2, **CONFIG)
    one, _ = train_on_images(network, pixels, targets, config, held_out=held_out)
    two, _ = train_on_images(network, other, targets, config, held_out=held_out)
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_regression_validates_with_weights(problem):
    _, pixels, targets = problem
    base = build_network("small_cnn", input_shape=(12, 12, 1), options={"dense_units": 4})
    network = add_top(base, n_outputs=1, activation="linear")
    values = targets[:, np.newaxis].astype(np.float32)
    held_out = np.arange(20)
    weight = np.linspace(1, 5, 60)
    trained, history = train_on_images(
        network,
        pixels,
        values,
        TrainingConfig("mean_squared_error", epochs=1),
        held_out=held_out,
        weights=weight,
    )
    errors = (trained.embed(pixels[held_out]) - values[held_out])[:, 0] ** 2
    expected = np.average(errors, weights=weight[held_out])
    assert history[0]["val_loss"] == pytest.approx(expected, rel=1e-4)
    assert "val_accuracy" not in history[0]


def test_on_epoch_is_called_and_can_stop(problem):
    network, pixels, targets = problem
    calls = []

    def on_epoch(epoch, values):
        calls.append((epoch, values["loss"]))
        return epoch == 1

    _, history = train_on_images(
        network, pixels, targets, TrainingConfig(epochs=9, **CONFIG), on_epoch=on_epoch
    )
    assert calls == [(line["epoch"], line["loss"]) for line in history]
    assert len(calls) == 2


def test_nan_names_the_learning_rate(problem):
    network, pixels, targets = problem
    values = np.eye(2, dtype=np.float32)[targets]
    config = TrainingConfig("mean_squared_error", epochs=5, learning_rate=1e30, optimizer="sgd")
    with pytest.raises(FloatingPointError, match=r"learning_rate=1e\+30"):
        train_on_images(network, 50.0 * pixels, 50 * values, config)
    # The trainer that met NaN is not used again.
    sane = TrainingConfig(epochs=1, **CONFIG)
    assert np.isfinite(train_on_images(network, pixels, targets, sane)[1][0]["loss"])


@pytest.mark.parametrize("weighted", [False, True])
def test_history_holds_means_over_the_epoch(weighted, problem):
    network, pixels, targets = problem
    # A rate this small leaves the network as it is. 60 rows are 7 batches of 8, and one of 4.
    config = TrainingConfig(CONFIG["loss"], epochs=1, batch_size=8, learning_rate=1e-12)
    weight = np.linspace(0, 5, 60) if weighted else None
    _, history = train_on_images(network, pixels, targets, config, weights=weight)
    likelihood = network.embed(pixels)
    losses = -np.log(likelihood[np.arange(60), targets])
    right = likelihood.argmax(axis=1) == targets
    assert history[0]["loss"] == pytest.approx(np.average(losses, weights=weight), rel=1e-4)
    assert history[0]["accuracy"] == pytest.approx(np.average(right, weights=weight), rel=1e-4)


@pytest.mark.parametrize("loss", ["mean_squared_error", "huber"])
@pytest.mark.parametrize("weighted", [False, True])
def test_history_has_r2_for_a_regression(weighted, loss, problem):
    _, pixels, targets = problem
    base = build_network("small_cnn", input_shape=(12, 12, 1), options={"dense_units": 4})
    network = add_top(base, n_outputs=2, activation="linear")
    values = np.column_stack([targets, 2 - 3 * targets]).astype(np.float32)
    weight = np.linspace(0, 5, 60) if weighted else None
    training, held_out = np.arange(20, 60), np.arange(20)
    config = TrainingConfig(loss, epochs=1, batch_size=16, learning_rate=1e-12)
    _, history = train_on_images(network, pixels, values, config, held_out=held_out, weights=weight)
    outputs = network.embed(pixels)
    for name, rows in [("r2", training), ("val_r2", held_out)]:
        expected = r2_score(
            values[rows],
            outputs[rows],
            sample_weight=None if weight is None else weight[rows],
            multioutput="variance_weighted",
        )
        assert history[0][name] == pytest.approx(expected, rel=1e-3)


def test_all_weighted_rows_may_be_held_out(problem):
    network, pixels, targets = problem
    held_out = np.arange(20)
    weight = np.isin(np.arange(60), held_out).astype(float)
    _, history = train_on_images(
        network,
        pixels,
        targets,
        TrainingConfig(epochs=1, **CONFIG),
        held_out=held_out,
        weights=weight,
    )
    assert history[0]["loss"] == 0
    assert history[0]["val_loss"] > 0


# Stages and learning rates.

STAGES = TrainingConfig(
    "mean_squared_error", epochs=4, learning_rate=0.1, fine_tune_learning_rate=0.02, warmup_epochs=1
)


def rates(rate, steps):
    return [rate.at(step) for step in range(steps)]


def test_from_the_start_there_is_one_stage():
    (stage,) = STAGES.stages(None, None)
    assert (stage.name, stage.first, stage.learning_rate, stage.augments) == (
        "train",
        None,
        0.1,
        True,
    )


def test_first_the_top_then_what_lies_below_at_a_lower_rate():
    top, fine = STAGES.stages("gap", "conv5")
    assert (top.name, top.first, top.learning_rate, top.augments) == ("top", "gap", 0.1, False)
    assert (fine.name, fine.first, fine.learning_rate) == ("fine-tune", "conv5", 0.02)
    assert len(STAGES.stages("gap", None)) == 1


def test_the_warmup_is_counted_in_epochs():
    rate = STAGES.schedule(STAGES.stages(None, None)[0], steps_per_epoch=4)
    assert rates(rate, 6) == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_cosine_ends_near_zero_and_never_rises():
    rate = LearningRateSchedule(1.0, kind="cosine", warmup_steps=0, steps=50, patience=3)
    values = rates(rate, 50)
    assert values[0] == 1
    assert values[-1] < 0.01
    assert all(a >= b for a, b in pairwise(values))


def test_plateau_falls_when_the_loss_does_not():
    rate = LearningRateSchedule(1.0, kind="plateau", warmup_steps=0, steps=99, patience=2)
    seen = []
    for loss in (3.0, 2.0, 2.5, 2.0, 1.0, 1.5, 1.5, 1.5, 1.5):
        rate.update(loss)
        seen.append(rate.at(0))
    assert seen == pytest.approx([1, 1, 1, 0.3, 0.3, 0.3, 0.09, 0.09, 0.027])


@pytest.mark.parametrize("kind", ["constant", "cosine"])
def test_other_schedules_do_not_look_at_the_loss(kind):
    rate = LearningRateSchedule(1.0, kind=kind, warmup_steps=0, steps=10, patience=1)
    before = rates(rate, 10)
    for _ in range(5):
        rate.update(1.0)
    assert rates(rate, 10) == before
