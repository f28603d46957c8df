"""Cuts of networks: the layer, and the vector that it gives."""

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, list_cut_layers
from tests.networks_for_tests import assert_outputs_close, tiny_maps

SMALL_CNN = ["conv1", "pool1", "conv2", "pool2", "flatten", "dense"]
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
POOLING = {
    "avg": lambda maps: maps.mean(axis=(1, 2)),
    "max": lambda maps: maps.max(axis=(1, 2)),
    None: lambda maps: maps.reshape(len(maps), -1),
}


def small_cnn(**options):
    options = {"image_size": (28, 28), "pooling": None, **options}
    return PretrainedGAP("small_cnn", weights=None, **options).fit(PIXELS)


def mobilenet(**options):
    options = {"backbone_options": {"alpha": 0.25}, "image_size": (64, 64), **options}
    return PretrainedGAP("MobileNet", weights=None, **options).fit(PIXELS)


def own(function, side=8, **options):
    return PretrainedGAP(function, image_size=(side, side), **options).fit(PIXELS)


def small_pixels(side=8):
    return PIXELS[:, :side, :side]


def outputs_at(gap, layer, pixels):
    """Return the output of a layer, computed by Keras."""
    network = gap.networks_[0]
    model = network.to_model()
    cut = keras.Model(model.inputs[0], model.get_layer(layer).output)
    return keras.ops.convert_to_numpy(cut(network.prepare(pixels), training=False))


# Vectors.


@pytest.fixture(scope="module")
def whole_small_cnn():
    return small_cnn()


@pytest.fixture(scope="module")
def whole_mobilenet():
    return mobilenet()


@pytest.mark.parametrize("pooling", POOLING)
@pytest.mark.parametrize("layer", SMALL_CNN)
def test_cuts_of_small_cnn(whole_small_cnn, layer, pooling):
    pixels = small_pixels(28)
    expected = outputs_at(whole_small_cnn, layer, pixels)
    expected = POOLING[pooling](expected) if expected.ndim == 4 else expected
    assert_outputs_close(small_cnn(cut_layer=layer, pooling=pooling).transform(pixels), expected)


@pytest.mark.parametrize("pooling", POOLING)
@pytest.mark.parametrize("layer", ["conv1_relu", "conv_dw_2_bn", "conv_pw_6", "conv_pw_13_relu"])
def test_cuts_of_mobilenet(whole_mobilenet, layer, pooling):
    expected = POOLING[pooling](outputs_at(whole_mobilenet, layer, PIXELS))
    assert_outputs_close(mobilenet(cut_layer=layer, pooling=pooling).transform(PIXELS), expected)


def test_flatten_cut_of_28_x_28_has_1600_columns():
    assert small_cnn(cut_layer="flatten").n_features_out_ == 1600


def test_a_cut_drops_the_layers_above_it():
    network = small_cnn(cut_layer="pool1").networks_[0]
    assert len(network.weights) == 2
    assert "dense" not in network.config


# Layers.


def test_none_is_the_last_layer(whole_small_cnn, whole_mobilenet):
    assert whole_small_cnn.networks_[0].cut_name == "dense"
    assert whole_mobilenet.networks_[0].cut_name == "conv_pw_13_relu"


def test_none_is_the_output_and_not_the_last_layer_that_was_made():
    def detour(input_shape):
        inputs = keras.Input(input_shape, name="input")
        maps = keras.layers.Conv2D(2, 3, name="maps")(inputs)
        keras.layers.Conv2D(5, 3, name="unused")(maps)
        return keras.Model(inputs, maps)

    assert own(detour).n_features_out_ == 2


def test_a_network_inside_a_network():
    def scaled(input_shape):
        inputs = keras.Input(input_shape, name="input")
        x = keras.layers.Rescaling(1 / 255, name="scale")(inputs)
        return keras.Model(inputs, tiny_maps(input_shape)(x))

    assert list_cut_layers(scaled, image_size=(8, 8)) == ["scale", "tiny_maps"]
    pixels = small_pixels()
    flat = own(scaled, pooling=None).transform(pixels).reshape(3, 8, 8, 3)
    for cut_layer in (None, "tiny_maps", 2):
        assert_outputs_close(
            own(scaled, cut_layer=cut_layer).transform(pixels), POOLING["avg"](flat)
        )


def test_a_layer_that_is_called_twice_is_cut_after_its_last_call():
    def twice(input_shape):
        inputs = keras.Input(input_shape, name="input")
        relu = keras.layers.ReLU(name="relu")
        x = relu(keras.layers.Conv2D(4, 3, name="first")(inputs))
        return keras.Model(inputs, relu(keras.layers.Conv2D(2, 3, name="second")(x)))

    pixels = small_pixels()
    last, by_name = (own(twice, cut_layer=cut, pooling=None) for cut in (None, "relu"))
    assert last.n_features_out_ == 4 * 4 * 2
    assert_outputs_close(by_name.transform(pixels), last.transform(pixels))


def test_a_sequential_network():
    def sequence(input_shape):
        layers = [
            keras.Input(input_shape),
            tiny_maps(input_shape),
            keras.layers.Flatten(name="flat"),
        ]
        return keras.Sequential(layers)

    assert list_cut_layers(sequence, image_size=(8, 8)) == ["tiny_maps", "flat"]
    inner, last = (own(sequence, cut_layer=cut, pooling=None) for cut in ("tiny_maps", None))
    assert_outputs_close(inner.transform(small_pixels()), last.transform(small_pixels()))


@pytest.mark.parametrize(("position", "name"), [(1, "conv1"), (5, "flatten"), (-1, "dense")])
def test_cut_by_position(position, name):
    by_position, by_name = (small_cnn(cut_layer=cut).networks_[0] for cut in (position, name))
    assert by_position.cut_name == name
    assert by_position.fingerprint == by_name.fingerprint


def test_positions_are_those_of_keras():
    layers = keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(64, 64, 3)
    ).layers
    for position in (1, 10, -2, -7):
        gap = mobilenet(cut_layer=position)
        assert gap.networks_[0].cut_name == layers[position].name


@pytest.mark.parametrize("layer", ["pool3", "", "input", "Flatten", 0, 7, -8, 99])
def test_an_unknown_layer_lists_the_layers(layer):
    with pytest.raises(ValueError, match=r"small_cnn can't be cut at layer") as raised:
        small_cnn(cut_layer=layer)
    assert repr(layer) in str(raised.value)
    assert str(raised.value).endswith(f"are: {', '.join(SMALL_CNN)}.")


def test_flatten_of_a_network_without_such_a_layer():
    with pytest.raises(ValueError, match="can't be cut at layer 'flatten'"):
        mobilenet(cut_layer="flatten")


def test_a_network_that_ends_in_a_sequence_needs_a_layer():
    def ends_in_sequence(input_shape):
        inputs = keras.Input(input_shape, name="input")
        maps = keras.layers.Conv2D(3, 3, name="maps")(inputs)
        return keras.Model(inputs, keras.layers.Reshape((-1, 3), name="sequence")(maps))

    with pytest.raises(ValueError, match=r"ends_in_sequence gives an output of shape .* vector or"):
        own(ends_in_sequence)
    assert own(ends_in_sequence, cut_layer="maps").n_features_out_ == 3
