"""Which layers can be cut, and what comes out there."""

import keras
import numpy as np
import pytest

from skfusion import list_cut_layers
from skfusion.networks._cutting import cut_model, find_cut
from skfusion.networks.backbones._building import add_top, build_cut, build_network, cut_network
from tests.networks_for_tests import tiny_cnn, tiny_maps

SMALL_CNN = ["conv1", "pool1", "conv2", "pool2", "flatten", "dense", "output"]
MOBILENET = {"backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}
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
    return build_network("MobileNet", input_shape=(64, 64, 3), options={"alpha": 0.25}, seed=1)


@pytest.fixture
def keras_file(tmp_path):
    path = tmp_path / "own_model.keras"
    tiny_maps((8, 8, 3)).save(path)
    return path


def images(network, n_rows=3):
    shape = (n_rows, *network.input_shape)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def outputs_at(network, layer, pixels):
    """What a layer gives, from Keras itself."""
    model = network.to_model()
    cut = keras.Model(model.inputs[0], model.get_layer(layer).output)
    return keras.ops.convert_to_numpy(cut(network.prepare(pixels), training=False))


def assert_close(actual, expected):
    scale = np.abs(expected).max()
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual / scale, expected / scale, rtol=1e-5, atol=1e-5)


# Lists.


def test_layers_of_small_cnn():
    assert list_cut_layers("small_cnn") == SMALL_CNN
    assert list_cut_layers("small_cnn", top=False) == SMALL_CNN[:-1]
    assert list_cut_layers("small_cnn", image_size=(64, 48)) == SMALL_CNN


def test_layers_of_a_named_backbone():
    names = list_cut_layers("MobileNet", **MOBILENET)
    model = keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3)
    )
    assert names == [layer.name for layer in model.layers[1:]]
    assert names[0] == "conv1"
    assert names[-1] == "conv_pw_13_relu"


def test_layers_of_a_named_backbone_with_a_top():
    names = list_cut_layers("MobileNet", **MOBILENET, top=True)
    assert names[-4:] == ["conv_pw_13_relu", "gap", "dense", "output"]


def test_names_of_layers_do_not_depend_on_what_was_built_before():
    # Most of its layers are named by Keras, with a number.
    assert list_cut_layers("InceptionV3", image_size=(75, 75))[:2] == [
        "conv2d",
        "batch_normalization",
    ]


def test_layers_of_a_function():
    assert list_cut_layers(tiny_cnn, image_size=(8, 8)) == ["conv1", "flatten", "dense"]
    assert list_cut_layers(tiny_cnn, image_size=(8, 8), top=True)[-1] == "output"


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_layers_of_a_keras_file(keras_file, kind):
    assert list_cut_layers(kind(keras_file)) == ["maps"]
    assert list_cut_layers(kind(keras_file), top=True) == ["maps", "gap", "dense", "output"]


def test_only_vectors_and_maps_are_listed():
    def with_sequences(input_shape):
        inputs = keras.Input(input_shape, name="input")
        x = keras.layers.Reshape((-1, 3), name="sequence")(inputs)
        x = keras.layers.GlobalAveragePooling1D(name="vector")(x)
        return keras.Model(inputs, x)

    assert list_cut_layers(with_sequences, image_size=(4, 4)) == ["vector"]


def test_every_listed_layer_can_be_cut(mobilenet):
    model = mobilenet.to_model()
    for name in list_cut_layers("MobileNet", backbone_options={"alpha": 0.25}, image_size=(64, 64)):
        layer, output = find_cut(model, name, "mobilenet")
        assert layer == name
        assert len(cut_model(model, output, "avg", "mobilenet").output_shape) == 2


def test_the_list_does_not_need_the_weights(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", None)
    assert list_cut_layers("MobileNet", image_size=(32, 32))


# Cuts.


@pytest.mark.parametrize("pooling", POOLING)
@pytest.mark.parametrize("layer", SMALL_CNN)
def test_cuts_of_small_cnn(small_cnn, layer, pooling):
    pixels = images(small_cnn)
    expected = outputs_at(small_cnn, layer, pixels)
    expected = POOLING[pooling](expected) if expected.ndim == 4 else expected
    cut = cut_network(small_cnn, layer, pooling)
    assert cut.output_shape == expected.shape[1:]
    assert_close(cut.embed(pixels), expected)


@pytest.mark.parametrize("pooling", POOLING)
@pytest.mark.parametrize("layer", ["conv1_relu", "conv_dw_2_bn", "conv_pw_6", "conv_pw_13_relu"])
def test_cuts_of_mobilenet(mobilenet, layer, pooling):
    pixels = images(mobilenet)
    cut = cut_network(mobilenet, layer, pooling)
    assert_close(cut.embed(pixels), POOLING[pooling](outputs_at(mobilenet, layer, pixels)))


def test_flatten_cut_of_28_x_28_has_1600_columns(small_cnn):
    assert cut_network(small_cnn, "flatten", None).output_shape == (1600,)


def test_a_cut_drops_the_layers_above_it(small_cnn):
    cut = cut_network(small_cnn, "pool1", None)
    assert len(cut.weights) == 2
    assert "dense" not in cut.config


def test_a_cut_leaves_the_network_as_it_was(small_cnn):
    kept = small_cnn.fingerprint, small_cnn.config
    cut_network(small_cnn, "conv1", "max").embed(images(small_cnn))
    assert (small_cnn.fingerprint, small_cnn.config) == kept


def test_no_layer_named_is_the_last(small_cnn, mobilenet):
    assert cut_network(small_cnn, None, None).cut_name == "output"
    assert cut_network(mobilenet, None, "avg").cut_name == "conv_pw_13_relu"


def test_last_is_the_output_not_the_last_layer_made():
    def detour(input_shape):
        inputs = keras.Input(input_shape, name="input")
        maps = keras.layers.Conv2D(2, 3, name="maps")(inputs)
        keras.layers.Conv2D(5, 3, name="unused")(maps)
        return keras.Model(inputs, maps)

    network = build_network(detour, input_shape=(6, 6, 3))
    assert cut_network(network, None, "avg").output_shape == (2,)


def test_a_network_inside_a_network():
    def scaled(input_shape):
        inputs = keras.Input(input_shape, name="input")
        x = keras.layers.Rescaling(1 / 255, name="scale")(inputs)
        return keras.Model(inputs, tiny_maps(input_shape)(x))

    assert list_cut_layers(scaled, image_size=(8, 8)) == ["scale", "tiny_maps"]
    network = build_network(scaled, input_shape=(8, 8, 3))
    pixels = images(network)
    maps = keras.ops.convert_to_numpy(network.to_model()(pixels.astype(np.float32)))
    for cut_layer in (None, "tiny_maps", 2):
        assert_close(cut_network(network, cut_layer, "avg").embed(pixels), POOLING["avg"](maps))


def test_a_layer_that_is_called_twice_is_cut_after_its_last_call():
    def twice(input_shape):
        inputs = keras.Input(input_shape, name="input")
        relu = keras.layers.ReLU(name="relu")
        x = relu(keras.layers.Conv2D(4, 3, name="first")(inputs))
        return keras.Model(inputs, relu(keras.layers.Conv2D(2, 3, name="second")(x)))

    network = build_network(twice, input_shape=(8, 8, 3))
    pixels = images(network)
    maps = keras.ops.convert_to_numpy(network.to_model()(pixels.astype(np.float32)))
    for cut_layer in (None, "relu"):
        assert_close(cut_network(network, cut_layer, None).embed(pixels), POOLING[None](maps))


def test_a_sequential_network():
    def sequence(input_shape):
        layers = [
            keras.Input(input_shape),
            tiny_maps(input_shape),
            keras.layers.Flatten(name="flat"),
        ]
        return keras.Sequential(layers)

    assert list_cut_layers(sequence, image_size=(8, 8)) == ["tiny_maps", "flat"]
    network = build_network(sequence, input_shape=(8, 8, 3))
    pixels = images(network)
    assert_close(
        cut_network(network, "tiny_maps", None).embed(pixels),
        cut_network(network, None, None).embed(pixels),
    )


@pytest.mark.parametrize(("position", "name"), [(1, "conv1"), (5, "flatten"), (-1, "output")])
def test_cut_by_position(small_cnn, position, name):
    by_position, by_name = (cut_network(small_cnn, cut, None) for cut in (position, name))
    assert by_position.cut_name == name
    assert by_position.fingerprint == by_name.fingerprint


def test_positions_are_those_of_keras(mobilenet):
    layers = mobilenet.to_model().layers
    for position in (1, 10, -2, -7):
        assert cut_network(mobilenet, position, "avg").cut_name == layers[position].name


def test_built_and_cut_at_once_is_the_same_as_one_after_the_other(mobilenet):
    request = {"input_shape": (64, 64, 3), "options": {"alpha": 0.25}, "seed": 1}
    for layer, pooling in [("conv_pw_6", "max"), (None, "avg"), (-7, None)]:
        at_once = build_cut("MobileNet", cut_layer=layer, pooling=pooling, **request)
        after = cut_network(mobilenet, layer, pooling)
        assert at_once.config == after.config
        assert at_once.fingerprint == after.fingerprint
        assert at_once.cut_name == after.cut_name


# Where "flatten" means what "gap" pools.


def test_flatten_of_a_network_with_gap(mobilenet):
    network = add_top(mobilenet, n_outputs=2, activation="softmax")
    pixels = images(network)
    maps = outputs_at(network, "conv_pw_13_relu", pixels)
    for pooling in POOLING:
        cut = cut_network(network, "flatten", pooling)
        assert cut.cut_name == "conv_pw_13_relu"
        assert_close(cut.embed(pixels), POOLING[pooling](maps))
    assert_close(cut_network(network, "gap", None).embed(pixels), POOLING["avg"](maps))


def test_a_layer_named_flatten_comes_first(small_cnn):
    assert cut_network(small_cnn, "flatten", None).cut_name == "flatten"


def test_flatten_of_a_network_without_gap(mobilenet):
    with pytest.raises(ValueError, match="can't be cut at layer 'flatten'"):
        cut_network(mobilenet, "flatten", None)


# Layers that have the names of ours.


def test_names_that_a_network_has_already():
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


# Layers that aren't there.


@pytest.mark.parametrize("layer", ["pool3", "", "input", "Flatten", 0, 8, -9, 99])
def test_unknown_layer_lists_the_layers(small_cnn, layer):
    with pytest.raises(ValueError, match=r"small_cnn can't be cut at layer") as raised:
        cut_network(small_cnn, layer, None)
    assert repr(layer) in str(raised.value)
    assert str(raised.value).endswith(f"are: {', '.join(SMALL_CNN)}.")


def test_a_network_that_ends_in_a_sequence_needs_a_layer():
    def ends_in_sequence(input_shape):
        inputs = keras.Input(input_shape, name="input")
        maps = keras.layers.Conv2D(3, 3, name="maps")(inputs)
        return keras.Model(inputs, keras.layers.Reshape((-1, 3), name="sequence")(maps))

    network = build_network(ends_in_sequence, input_shape=(6, 6, 3))
    with pytest.raises(ValueError, match=r"ends_in_sequence gives an output of shape .* vector or"):
        cut_network(network, None, "avg")
    assert cut_network(network, "maps", "avg").output_shape == (3,)
