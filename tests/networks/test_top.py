"""The layers on top of a backbone, and cuts of networks that have them."""

import json

import keras
import numpy as np
import pytest

from skfusion import list_cut_layers
from skfusion.networks._cut_info import cut_channels, cut_info, find_cut_name
from skfusion.networks._cutting import cut_model, cut_network, find_cut
from skfusion.networks._layer_table import format_layers, layer_table
from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_cut, build_network
from tests.networks_for_tests import assert_outputs_close, tiny_maps

MOBILENET = {"input_shape": (64, 64, 3), "options": {"alpha": 0.25}, "seed": 1}
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
POOLING = {
    "avg": lambda maps: maps.mean(axis=(1, 2)),
    "max": lambda maps: maps.max(axis=(1, 2)),
    None: lambda maps: maps.reshape(len(maps), -1),
}


@pytest.fixture(scope="module")
def small_cnn():
    network = build_network("small_cnn", input_shape=(28, 28, 1), seed=1)
    return add_top(network, n_outputs=3, activation="softmax", seed=2)


@pytest.fixture(scope="module")
def mobilenet():
    return build_network("MobileNet", **MOBILENET)


def test_the_output_is_the_last_layer(small_cnn):
    assert small_cnn.top == "output"
    cut = cut_network(small_cnn, None, None)
    assert (cut.cut_name, cut.output_shape) == ("output", (3,))


def test_flatten_is_the_layer_of_that_name(small_cnn):
    assert cut_network(small_cnn, "flatten", None).cut_name == "flatten"


@pytest.mark.parametrize("pooling", POOLING)
def test_flatten_is_the_layer_that_gap_pools(mobilenet, pooling):
    network = add_top(mobilenet, n_outputs=2, activation="softmax")
    assert network.top == "gap"
    model = network.to_model()
    maps = keras.Model(model.inputs[0], model.get_layer("conv_pw_13_relu").output)
    maps = keras.ops.convert_to_numpy(maps(network.prepare(PIXELS), training=False))
    cut = cut_network(network, "flatten", pooling)
    assert cut.cut_name == "conv_pw_13_relu"
    assert_outputs_close(cut.embed(PIXELS), POOLING[pooling](maps))
    assert_outputs_close(cut_network(network, "gap", None).embed(PIXELS), POOLING["avg"](maps))


def test_names_that_a_network_already_has():
    def own_names(input_shape):
        inputs = keras.Input(input_shape, name="input")
        x = inputs
        for name in ("gap", "dense", "output", "vector"):
            x = keras.layers.Conv2D(2, 3, name=name)(x)
        return keras.Model(inputs, x)

    own = ["gap", "dense", "output", "vector"]
    names = list_cut_layers(own_names, image_size=(12, 12), top=True)
    assert names == [*own, "gap_2", "dense_2", "output_2"]
    network = build_network(own_names, input_shape=(12, 12, 3))
    assert cut_network(network, "vector", "avg").output_shape == (2,)


def test_a_top_needs_a_vector_or_maps():
    def sequence(input_shape):
        inputs = keras.Input(input_shape, name="input")
        return keras.Model(inputs, keras.layers.Reshape((-1, 3))(inputs))

    with pytest.raises(ValueError, match=r"sequence gives an output of shape .* vector or feature"):
        list_cut_layers(sequence, image_size=(4, 4), top=True)


def test_every_listed_layer_can_be_cut(mobilenet):
    model = mobilenet.to_model()
    for name in list_cut_layers("MobileNet", backbone_options={"alpha": 0.25}, image_size=(64, 64)):
        layer, cut, _ = cut_model(model, name, "avg", "mobilenet")
        assert layer == name
        assert len(cut.output_shape) == 2


def test_a_cut_does_not_change_the_network(small_cnn):
    kept = small_cnn.fingerprint, small_cnn.config
    cut_network(small_cnn, "conv1", "max").embed(PIXELS[:, :28, :28, :1])
    assert (small_cnn.fingerprint, small_cnn.config) == kept


@pytest.mark.parametrize(("layer", "pooling"), [("conv_pw_6", "max"), (None, "avg"), (-7, None)])
def test_build_cut_equals_build_then_cut(mobilenet, layer, pooling):
    at_once = build_cut("MobileNet", cut_layer=layer, pooling=pooling, **MOBILENET)
    after = cut_network(mobilenet, layer, pooling)
    assert at_once.config == after.config
    assert at_once.fingerprint == after.fingerprint
    assert at_once.cut_name == after.cut_name


# Facts about the cuts that are used without Keras.


@pytest.fixture(scope="module")
def small_cnn_model(small_cnn):
    return small_cnn.to_model()


@pytest.fixture(scope="module")
def maps_with_top():
    network = build_network(tiny_maps, input_shape=(8, 8, 3))
    return add_top(network, n_outputs=2, activation="softmax").to_model()


@pytest.mark.parametrize("cut_layer", ["pool1", "flatten", "output", None, 1, -2])
def test_the_name_of_a_cut_is_that_of_the_model(small_cnn_model, cut_layer):
    found = find_cut(small_cnn_model, cut_layer, "it")[0]
    assert find_cut_name(cut_info(small_cnn_model), cut_layer) == found


@pytest.mark.parametrize("cut_layer", ["flatten", "gap", "maps", None])
def test_the_name_of_flatten_is_that_of_the_model(maps_with_top, cut_layer):
    found = find_cut(maps_with_top, cut_layer, "it")[0]
    assert find_cut_name(cut_info(maps_with_top), cut_layer) == found


def test_a_layer_that_is_called_twice_may_be_the_last():
    inputs = keras.Input((4, 4, 1))
    again = keras.layers.ReLU(name="again")
    x = keras.layers.Flatten(name="vector")(again(inputs))
    model = keras.Model(inputs, again(keras.layers.Dense(2, name="second")(x)))
    assert find_cut_name(cut_info(model), None) == "again"


@pytest.mark.parametrize(
    ("cut_layer", "pooling", "channels"),
    [
        ("conv1", None, 32),
        ("pool2", None, 64),
        ("pool2", "avg", None),
        ("flatten", None, 64),
        ("dense", None, None),
    ],
)
def test_channels_of_a_cut(small_cnn_model, cut_layer, pooling, channels):
    info = cut_info(small_cnn_model)
    assert cut_channels(info, cut_layer, pooling) == channels
    assert json.loads(json.dumps(info)) == info


def test_a_cut_that_is_not_in_the_table_of_layers(small_cnn_model):
    table = layer_table(small_cnn_model)
    assert json.loads(json.dumps(table)) == table
    with pytest.raises(ValueError, match=r"no layer 'nowhere'.*conv1"):
        format_layers(table, cut="nowhere")
