"""Splits of a network: the layers that are trained, and the part below them."""

import numpy as np
import pytest

from skfusion.networks._split import find_first, split_model
from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network
from skfusion.networks.runtimes._keras import building, import_keras


def mobilenet():
    network = build_network("MobileNet", input_shape=(32, 32, 3), options={"alpha": 0.25})
    return add_top(network, n_outputs=2, activation="softmax", seed=0)


@pytest.fixture(scope="module")
def network():
    return mobilenet()


def branching():
    """Build a network in which a branch bypasses two layers."""
    keras = import_keras()
    layers = keras.layers
    with building(0):
        inputs = layers.Input((8, 8, 1))
        x = layers.Conv2D(2, 3, padding="same", name="a")(inputs)
        y = layers.Conv2D(2, 3, padding="same", name="b")(x)
        y = layers.Conv2D(2, 3, padding="same", name="c")(y)
        x = layers.Add(name="join")([x, y])
        x = layers.GlobalAveragePooling2D(name="gap")(x)
        return keras.Model(inputs, layers.Dense(2, name="output")(x))


def outputs_agree(model, bottom, upper):
    batch = np.random.default_rng(0).normal(size=(3, *model.input_shape[1:])).astype("float32")
    inner = bottom.predict_on_batch(batch)
    np.testing.assert_allclose(
        upper.predict_on_batch(inner), model.predict_on_batch(batch), atol=1e-5
    )
    return inner


def test_layers_of_the_top_without_weights_are_below_the_split(network):
    model = network.to_model()
    bottom, upper = split_model(model, network.top, network.top)
    inner = outputs_agree(model, bottom, upper)
    assert inner.shape == (3, 256)  # gap is below: vectors are kept, not feature maps
    assert {v.path.split("/")[0] for v in upper.trainable_variables} == {"dense", "output"}


def test_the_last_layers_are_trained_without_batch_normalization(network):
    model = network.to_model()
    first = find_first(model, 2, network.top)
    assert first == "conv_dw_13"
    bottom, upper = split_model(model, first, network.top)
    outputs_agree(model, bottom, upper)
    assert {v.path.split("/")[0] for v in upper.trainable_variables} == {
        "conv_dw_13",
        "conv_pw_13",
        "dense",
        "output",
    }
    # The statistics of batch normalization are frozen, too.
    weights = [layer.get_weights() for layer in model.layers if "bn" in layer.name]
    upper.compile("sgd", "mean_squared_error")
    bottom_out = np.ones((4, *bottom.output_shape[1:]), dtype="float32")
    upper.train_on_batch(bottom_out, np.zeros((4, 2)))
    for before, layer in zip(
        weights, [layer for layer in model.layers if "bn" in layer.name], strict=True
    ):
        for a, b in zip(before, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_split_is_below_all_branches():
    model = branching()
    bottom, upper = split_model(model, "c", "output")
    assert bottom.output.shape[1:] == model.get_layer("a").output.shape[1:]
    outputs_agree(model, bottom, upper)
    assert {v.path.split("/")[0] for v in upper.trainable_variables} == {"c", "output"}


def test_nothing_to_split_off():
    model = branching()
    bottom, upper = split_model(model, "a", "output")
    assert bottom is None
    assert upper is model
    assert split_model(model, None, None) == (None, model)


@pytest.mark.parametrize(
    ("fine_tune", "first"),
    [
        (0, None),
        (1, "conv_pw_13"),
        ("auto", "conv_pw_9"),
        ("all", "conv1"),
        ("conv_dw_5", "conv_dw_5"),
        ("conv_pw_1", "conv_pw_1"),
        (27, "conv1"),
    ],
)
def test_the_first_layer_that_is_fine_tuned(network, fine_tune, first):
    assert find_first(network.to_model(), fine_tune, network.top) == first


@pytest.mark.parametrize(
    ("fine_tune", "message"),
    [
        ("block_13", "No layer of mobilenet.* is called 'block_13'.*conv_pw_13"),
        ("dense", "No layer of mobilenet.* is called 'dense'"),  # a layer of the top
        (28, "fine_tune=28, but mobilenet.* has 27 layers"),
    ],
)
def test_layers_that_can_not_be_fine_tuned(network, fine_tune, message):
    with pytest.raises(ValueError, match=message):
        find_first(network.to_model(), fine_tune, network.top)
