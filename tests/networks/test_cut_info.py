"""What is known of a network's cuts without Keras."""

import json

import keras
import pytest

from skfusion.networks._cut_info import cut_channels, cut_info, named_cut
from skfusion.networks._cutting import find_cut
from skfusion.networks.backbones._building import add_top, build_network
from tests.networks_for_tests import tiny_maps


@pytest.fixture(scope="module")
def small_cnn():
    network = build_network("small_cnn", input_shape=(28, 28, 1))
    return add_top(network, n_outputs=3, activation="softmax").to_model()


@pytest.fixture(scope="module")
def topped_maps():
    network = build_network(tiny_maps, input_shape=(8, 8, 3))
    return add_top(network, n_outputs=2, activation="softmax").to_model()


@pytest.mark.parametrize("cut_layer", ["pool1", "flatten", "output", None, 1, -2])
def test_the_name_of_a_cut_is_that_of_the_network(small_cnn, cut_layer):
    found = find_cut(small_cnn, cut_layer, "it")[0]
    assert named_cut(cut_info(small_cnn), cut_layer) == found


@pytest.mark.parametrize("cut_layer", ["flatten", "gap", "maps", None])
def test_flatten_means_what_gap_pools(topped_maps, cut_layer):
    found = find_cut(topped_maps, cut_layer, "it")[0]
    assert named_cut(cut_info(topped_maps), cut_layer) == found


def test_a_layer_that_is_called_twice_may_be_the_last():
    inputs = keras.Input((4, 4, 1))
    again = keras.layers.ReLU(name="again")
    x = keras.layers.Flatten(name="vector")(again(inputs))
    model = keras.Model(inputs, again(keras.layers.Dense(2, name="second")(x)))
    assert named_cut(cut_info(model), None) == "again"


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
    notes = cut_info(small_cnn)
    assert cut_channels(notes, cut_layer, pooling) == channels
    assert json.loads(json.dumps(notes)) == notes
