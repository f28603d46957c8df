"""The layers of a fitted network as a table and as text."""

import json

import keras
import numpy as np
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, list_cut_layers
from tests.networks_for_tests import tiny_maps

POOLING = ["avg", "max", None]
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
Y = [0, 1, 2, 0, 1, 2]


def fit(backbone="small_cnn", pixels=PIXELS, **options):
    return CNNEmbedder(backbone, epochs=1, random_state=0, **options).fit(pixels, Y)


def with_frames(input_shape):
    """Build a network with a layer that can't be cut."""
    inputs = keras.Input(input_shape, name="input")
    x = keras.layers.Reshape((1, *input_shape), name="frames")(inputs)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling3D(name="vector")(x))


def nested(input_shape):
    """Build a network with a network inside."""
    inputs = keras.Input(input_shape, name="input")
    return keras.Model(inputs, tiny_maps(input_shape)(inputs))


@pytest.fixture(scope="module")
def embedder():
    return fit(cut_layer="pool2")


@pytest.fixture(scope="module")
def frames():
    return fit(with_frames, PIXELS[:, :4, :4], cut_layer="vector")


def lines(embedder):
    """Return the texts of each layer in the summary, by name."""
    rows = [line.split() for line in embedder.summary().splitlines()]
    return {row[0]: row for row in rows if row}


# The table.


@pytest.mark.parametrize(
    ("name", "shape", "width"),
    [
        ("conv1", (26, 26, 32), 21632),
        ("pool2", (5, 5, 64), 1600),
        ("flatten", (1600,), 1600),
        ("output", (3,), 3),
    ],
)
def test_layers_of_small_cnn(embedder, name, shape, width):
    row = embedder.list_cut_layers().set_index("layer").loc[name]
    assert tuple(row["shape"]) == shape
    assert row["width"] == width


def test_layers_are_those_that_can_be_cut_in_order(embedder, frames):
    names = embedder.list_cut_layers()["layer"]
    assert list(names) == list_cut_layers("small_cnn", image_size=(28, 28))
    assert list(frames.list_cut_layers()["layer"]) == ["vector", "output"]


@pytest.mark.parametrize("pooling", POOLING)
def test_widths_are_those_of_the_cuts(tmp_path, pooling):
    small = EmbedderOptions(backbone_options={"filters": (2, 3)})
    options = {"pooling": pooling, "cache": tmp_path, "options": small}
    frame = fit(**options).list_cut_layers()
    assert list(frame.columns) == ["layer", "shape", "width"]
    for name, shape, width in frame.itertuples(index=False):
        assert fit(cut_layer=name, **options).transform(PIXELS).shape == (6, width)
        assert isinstance(shape, tuple)


def test_the_table_can_be_written_as_json(embedder):
    frame = embedder.list_cut_layers()
    assert json.loads(frame.to_json(orient="records"))[0]["layer"] == "conv1"


# The text.


@pytest.mark.parametrize(
    ("name", "kind", "parameters"),
    [("conv1", "Conv2D", "320"), ("pool2", "MaxPooling2D", "0"), ("output", "Dense", "771")],
)
def test_each_layer_has_a_line(embedder, name, kind, parameters):
    line = lines(embedder)[name]
    assert line[1] == kind
    assert parameters in line


def test_the_last_line_is_the_total(embedder):
    assert lines(embedder)["total"] == ["total", "429,443"]
    assert embedder.summary().splitlines()[-1].startswith("total")


def test_the_first_line_is_the_title(embedder):
    assert embedder.summary().splitlines()[0] == "small_cnn, column 'x0', in-sample"


def test_only_the_cut_is_marked(embedder):
    marked = [line for line in embedder.summary().splitlines() if line.endswith("← cut")]
    assert [line.split()[0] for line in marked] == ["pool2"]


def test_columns_of_the_text_are_aligned(embedder):
    _, head, *rows = embedder.summary().splitlines()
    start = head.index("kind")
    for name in ("conv1", "flatten"):
        row = next(row for row in rows if row.split()[0] == name)
        assert row[start - 1] == " "
        assert row.index(lines(embedder)[name][1]) == start


def test_a_layer_that_can_not_be_cut_has_no_width(frames):
    shape = ["1", "×", "4", "×", "4", "×", "1"]
    assert lines(frames)["frames"][1:] == ["Reshape", *shape, "-", "0"]


def test_a_network_inside_a_network():
    line = lines(fit(nested, PIXELS[:, :8, :8], cut_layer="tiny_maps"))["tiny_maps"]
    assert line[1:6] == ["Functional", "8", "×", "8", "×"]
    assert str(tiny_maps((8, 8, 1)).count_params()) in line
