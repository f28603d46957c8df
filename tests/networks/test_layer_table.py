"""What is known of each layer of a network."""

import json

import keras
import pytest

from skfusion.networks._cutting import cuttable_layers
from skfusion.networks._layer_table import format_layers, layer_table, layers_frame
from skfusion.networks.backbones._building import add_top, build_network, cut_network
from tests.networks_for_tests import tiny_maps

POOLING = ["avg", "max", None]


@pytest.fixture(scope="module")
def small_cnn():
    network = build_network("small_cnn", input_shape=(28, 28, 1), seed=1)
    return add_top(network, n_outputs=3, activation="softmax", seed=2)


@pytest.fixture(scope="module")
def table(small_cnn):
    return layer_table(small_cnn.to_model())


def sequences(input_shape=(4, 4, 3)):
    """A network with a layer that can't be cut."""
    inputs = keras.Input(input_shape, name="input")
    x = keras.layers.Reshape((-1, 3), name="sequence")(inputs)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling1D(name="vector")(x))


def by_name(table):
    return {line["layer"]: line for line in table}


# The table.


@pytest.mark.parametrize(
    ("name", "kind", "shape", "width", "parameters"),
    [
        ("conv1", "Conv2D", [26, 26, 32], 21632, 320),
        ("pool2", "MaxPooling2D", [5, 5, 64], 1600, 0),
        ("flatten", "Flatten", [1600], 1600, 0),
        ("output", "Dense", [3], 3, 771),
    ],
)
def test_layers_of_small_cnn(table, name, kind, shape, width, parameters):
    line = by_name(table)[name]
    assert line["kind"] == kind
    assert line["shape"] == shape
    assert line["width"] == width
    assert line["parameters"] == parameters


def test_layers_are_in_order(small_cnn, table):
    names = [line["layer"] for line in table if line["width"] is not None]
    assert names == list(cuttable_layers(small_cnn.to_model()))


def test_parameters_are_those_of_the_model(small_cnn, table):
    total = sum(line["parameters"] for line in table)
    assert total == small_cnn.to_model().count_params()


def test_it_is_plain_data(table):
    assert json.loads(json.dumps(table)) == table


def test_a_layer_that_cannot_be_cut_has_no_width():
    lines = by_name(layer_table(sequences()))
    assert lines["sequence"]["width"] is None
    assert lines["vector"]["width"] == 3


def test_a_network_inside_a_network():
    inputs = keras.Input((8, 8, 3), name="input")
    inner = tiny_maps((8, 8, 3))
    line = by_name(layer_table(keras.Model(inputs, inner(inputs))))["tiny_maps"]
    assert line["shape"] == [8, 8, 3]
    assert line["parameters"] == inner.count_params()


# The frame.


@pytest.mark.parametrize("pooling", POOLING)
def test_widths_are_those_of_the_cuts(small_cnn, table, pooling):
    frame = layers_frame(table, pooling)
    assert list(frame.columns) == ["layer", "shape", "width"]
    for name, shape, width in frame.itertuples(index=False):
        assert cut_network(small_cnn, name, pooling).output_shape == (width,)
        assert isinstance(shape, tuple)


@pytest.mark.parametrize("pooling", POOLING)
def test_only_layers_that_can_be_cut_are_listed(pooling):
    model = sequences()
    assert list(layers_frame(layer_table(model), pooling)["layer"]) == list(cuttable_layers(model))


# The text.


def test_the_cut_is_marked_alone(table):
    plain = format_layers(table, title="small_cnn").splitlines()
    marked = format_layers(table, cut="pool2", title="small_cnn").splitlines()
    assert plain[0] == "small_cnn"
    (before, after) = next(pair for pair in zip(plain, marked, strict=True) if pair[0] != pair[1])
    assert "pool2" in before
    assert after.startswith(before)
    assert sum(a != b for a, b in zip(plain, marked, strict=True)) == 1


def test_every_layer_has_a_line_and_the_last_is_the_total(table):
    *lines, last = format_layers(table).splitlines()
    for line in table:
        (text,) = [text for text in lines if text.split()[0] == line["layer"]]
        assert line["kind"] in text
        assert f"{line['parameters']:,}" in text
    assert "429,443" in last


def test_columns_of_the_text_are_aligned(table):
    head, *lines = format_layers(table).splitlines()
    start = head.index("kind")
    for name in ("conv1", "flatten"):
        line = next(line for line in lines if line.split()[0] == name)
        assert line[start - 1] == " "
        assert line.index(by_name(table)[name]["kind"]) == start


def test_a_layer_without_a_shape():
    assert "sequence" in format_layers(layer_table(sequences()))


def test_a_cut_that_is_not_there(table):
    with pytest.raises(ValueError, match=r"no layer 'nowhere'.*conv1"):
        format_layers(table, cut="nowhere")
