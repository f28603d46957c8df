"""Facts about the cuts of a network that are used without Keras."""

import json

import keras
import pytest

from skfusion.networks._cut_info import cut_channels, cut_info, find_cut_name
from skfusion.networks._cutting import find_cut
from skfusion.networks._layer_table import format_layers, layer_table
from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network
from tests.networks_for_tests import tiny_maps


@pytest.fixture(scope="module")
def small_cnn():
    network = build_network("small_cnn", input_shape=(28, 28, 1))
    return add_top(network, n_outputs=3, activation="softmax").to_model()


@pytest.fixture(scope="module")
def maps_with_top():
    network = build_network(tiny_maps, input_shape=(8, 8, 3))
    return add_top(network, n_outputs=2, activation="softmax").to_model()


@pytest.mark.parametrize("cut_layer", ["pool1", "flatten", "output", None, 1, -2])
def test_the_name_of_a_cut_is_that_of_the_model(small_cnn, cut_layer):
    found = find_cut(small_cnn, cut_layer, "it")[0]
    assert find_cut_name(cut_info(small_cnn), cut_layer) == found


@pytest.mark.parametrize("cut_layer", ["flatten", "gap", "maps", None])
def test_flatten_is_the_layer_that_gap_pools(maps_with_top, cut_layer):
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
def test_channels_of_a_cut(small_cnn, cut_layer, pooling, channels):
    info = cut_info(small_cnn)
    assert cut_channels(info, cut_layer, pooling) == channels
    assert json.loads(json.dumps(info)) == info


def test_a_cut_that_is_not_in_the_table_of_layers(small_cnn):
    table = layer_table(small_cnn)
    assert json.loads(json.dumps(table)) == table
    with pytest.raises(ValueError, match=r"no layer 'nowhere'.*conv1"):
        format_layers(table, cut="nowhere")
