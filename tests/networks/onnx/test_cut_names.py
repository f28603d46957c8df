"""Names by which an ONNX file is cut: those of nodes, of tensors, and positions."""

import re

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import helper

from skfusion import ImagePreprocessing, PretrainedGAP, list_cut_layers
from tests.onnx_for_tests import FLOAT, random_weights, run_file, save_model

SCALE = ImagePreprocessing()
PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
FIRST = np.ascontiguousarray((PHOTOS / 255).astype(np.float32).transpose(0, 3, 1, 2))
KERNEL = random_weights(4, 3, 3, 3)
node = helper.make_node


def conv(output="maps", name="conv"):
    return node("Conv", ["x", "kernel"], [output], name, kernel_shape=[3, 3])


def save(path, nodes, outputs=("y",), **weights):
    return save_model(
        path / "net.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 8, 8])],
        [(name, FLOAT, None) for name in outputs],
        {"kernel": KERNEL, **weights},
    )


def features(file, **parameters):
    return PretrainedGAP(file, preprocessing=SCALE, **parameters).fit_transform(PHOTOS)


def assert_cut(file, cut_layer, tensor):
    """Check the features of a cut against the tensor that ONNX Runtime computes."""
    expected = run_file(file, {"x": FIRST}, tensor)
    if expected.ndim == 4:
        expected = expected.mean(axis=(2, 3))
    np.testing.assert_allclose(features(file, cut_layer=cut_layer), expected, atol=1e-5)


def chain(path, names):
    """Write a convolution and three activations whose nodes have these names."""
    tensors = ["maps", "a", "b", "y"]
    kinds = ["Relu", "Tanh", "Neg"]
    nodes = [conv(name=names[0])]
    for kind, name, source, output in zip(kinds, names[1:], tensors, tensors[1:], strict=False):
        nodes.append(node(kind, [source], [output], name))
    return save(path, nodes)


# Listing.


def test_nodes_have_their_names_and_the_output_its_own(tmp_path):
    assert list_cut_layers(chain(tmp_path, ["conv", "relu", "tanh", "neg"])) == [
        "conv",
        "relu",
        "tanh",
        "y",
    ]


def test_nodes_without_a_name_have_that_of_their_tensor(tmp_path):
    file = chain(tmp_path, ["", "", "tanh", ""])
    assert list_cut_layers(file) == ["maps", "a", "tanh", "y"]
    for name, tensor in {"maps": "maps", "a": "a", "tanh": "b", "y": "y"}.items():
        assert_cut(file, name, tensor)


def test_nodes_of_one_name_have_that_of_their_tensors(tmp_path):
    file = chain(tmp_path, ["conv", "act", "act", "neg"])
    assert list_cut_layers(file) == ["conv", "a", "b", "y"]
    with pytest.raises(ValueError, match=r"net has, at 'act', the tensors 'a', 'b'\. Pass one"):
        features(file, cut_layer="act")


def test_a_name_that_is_that_of_another_tensor(tmp_path):
    """The node "a" computes the tensor b, and another node computes a."""
    file = chain(tmp_path, ["x", "relu", "a", "neg"])
    assert list_cut_layers(file) == ["maps", "relu", "b", "y"]
    assert_cut(file, "a", "a")
    assert_cut(file, "relu", "a")
    assert_cut(file, "b", "b")


def test_a_node_of_two_outputs(tmp_path):
    nodes = [
        conv(),
        node("Split", ["maps", "parts"], ["left", "right"], "split", axis=1),
        node("Add", ["left", "right"], ["y"], "add"),
    ]
    file = save(tmp_path, nodes, parts=np.array([2, 2]))
    assert list_cut_layers(file) == ["conv", "left", "right", "y"]
    with pytest.raises(ValueError, match=r"at 'split', the tensors 'left', 'right'"):
        features(file, cut_layer="split")
    left = run_file(file, {"x": FIRST}, "left").reshape(3, -1)
    assert features(file, cut_layer="left", pooling=None).shape == left.shape


def test_an_output_in_the_middle_of_the_network(tmp_path):
    nodes = [conv(), node("Relu", ["maps"], ["hidden"], "relu"), node("Neg", ["hidden"], ["y"])]
    file = save(tmp_path, nodes, outputs=["y", "hidden"])
    assert list_cut_layers(file) == ["conv", "hidden", "y"]
    with pytest.raises(ValueError, match=r"net has the outputs 'y', 'hidden'\. Pass one of them"):
        features(file)
    assert_cut(file, "hidden", "hidden")
    assert_cut(file, "relu", "hidden")


def test_an_optional_output_that_is_left_out(tmp_path):
    nodes = [conv(), node("MaxPool", ["maps"], ["y", ""], "pool", kernel_shape=[2, 2])]
    file = save(tmp_path, nodes)
    assert list_cut_layers(file) == ["conv", "y"]
    assert_cut(file, None, "y")


def test_what_is_computed_from_weights_alone_is_no_cut(tmp_path):
    nodes = [node("Neg", ["kernel"], ["turned"], "turn"), conv(), node("Relu", ["maps"], ["y"])]
    file = save(tmp_path, nodes)
    assert list_cut_layers(file) == ["conv", "y"]
    with pytest.raises(ValueError, match="can't be cut at 'turned': it doesn't depend on the im"):
        features(file, cut_layer="turn")


def test_whole_numbers_are_no_cut(tmp_path):
    nodes = [
        conv(),
        node("ArgMax", ["maps"], ["best"], "best", axis=1),
        node("Shape", ["maps"], ["sizes"], "sizes"),
        node("Relu", ["maps"], ["y"], "relu"),
    ]
    assert list_cut_layers(save(tmp_path, nodes)) == ["conv", "y"]


@pytest.mark.parametrize(
    ("operator", "attributes", "shape"),
    [
        ("Flatten", {}, (144,)),
        ("GlobalAveragePool", {}, (4, 1, 1)),
        ("ReduceMean", {"axes": [2, 3], "keepdims": 0}, (4,)),
        ("ReduceMean", {"axes": [2], "keepdims": 0}, (4, 6)),
        ("Transpose", {"perm": [0, 2, 3, 1]}, (6, 6, 4)),
        ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}, (4, 3, 3)),
    ],
)
def test_shapes_are_those_of_one_image(tmp_path, operator, attributes, shape):
    file = save(tmp_path, [conv(), node(operator, ["maps"], ["y"], "last", **attributes)])
    assert list_cut_layers(file, shapes=True) == {"conv": (4, 6, 6), "y": shape}


# Cutting.


@pytest.mark.parametrize(
    ("position", "tensor"), [(0, "maps"), (1, "a"), (3, "y"), (-1, "y"), (-4, "maps")]
)
def test_a_position_counts_nodes_from_either_end(tmp_path, position, tensor):
    assert_cut(chain(tmp_path, ["conv", "relu", "tanh", "neg"]), position, tensor)


@pytest.mark.parametrize("position", [4, -5, 100])
def test_a_position_beyond_the_nodes(tmp_path, position):
    file = chain(tmp_path, ["conv", "relu", "tanh", "neg"])
    with pytest.raises(ValueError, match=rf"net has no layer {position} to be cut at\. .* 4 names"):
        features(file, cut_layer=position)


@pytest.mark.parametrize(
    ("asked", "near"), [("reul", "'relu'"), ("convv", "'conv'"), ("?", "'relu', 'tanh', 'y'")]
)
def test_names_that_are_near_are_suggested(tmp_path, asked, near):
    file = chain(tmp_path, ["conv", "relu", "tanh", "neg"])
    message = re.escape(f"net has no layer {asked!r} to be cut at. Near it are: {near}")
    with pytest.raises(ValueError, match=message):
        features(file, cut_layer=asked)


def test_a_cut_leaves_out_what_it_does_not_need(tmp_path):
    """An operator behind the cut may be one that ONNX Runtime lacks."""
    nodes = [conv(), node("Sharpen", ["maps"], ["y"], "sharpen", domain="org.example")]
    file = save_model(
        tmp_path / "net.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 8, 8])],
        [("y", FLOAT, ["n", 4, 6, 6])],
        {"kernel": KERNEL},
        domains=["org.example"],
    )
    (tmp_path / "plain").mkdir()
    plain = save(tmp_path / "plain", [conv("y")])
    np.testing.assert_array_equal(features(file, cut_layer="conv"), features(plain))
    with pytest.raises(ValueError, match="Sharpen"):
        features(file)


def test_a_search_over_cuts_of_a_file(tmp_path):
    file = chain(tmp_path, ["conv", "relu", "tanh", "neg"])
    gap = PretrainedGAP(file, preprocessing=SCALE)
    outputs = [gap.set_params(cut_layer=cut).fit_transform(PHOTOS) for cut in ("relu", "tanh")]
    assert not np.allclose(*outputs)
    again = gap.set_params(cut_layer="relu").fit_transform(PHOTOS)
    np.testing.assert_array_equal(again, outputs[0])
    assert gap.get_feature_names_out().tolist() == [f"x0_net_{i:04d}" for i in range(4)]
