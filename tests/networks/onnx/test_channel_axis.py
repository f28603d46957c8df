"""Pooling of an ONNX file's feature maps over the right axes, after each operator that has maps."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import helper

from skfusion import ImagePreprocessing, PretrainedGAP, list_cut_layers
from tests.onnx_for_tests import FLOAT, random_weights, run_file, save_model

SCALE = ImagePreprocessing(mean=0.5, std=0.25)
PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
INPUTS = ((PHOTOS / 255 - 0.5) / 0.25).astype(np.float32)
FIRST = np.ascontiguousarray(INPUTS.transpose(0, 3, 1, 2))
node = helper.make_node
CONV = node("Conv", ["x", "kernel"], ["maps"], "conv", kernel_shape=[3, 3])  # 4 x 14 x 14
TO_LAST = node("Transpose", ["maps"], ["last"], "to_last", perm=[0, 2, 3, 1])
KERNEL = {"kernel": random_weights(4, 3, 3, 3)}
FOUR = random_weights(4, seed=3)
PADS = {"pads": np.array([0, 0, 1, 2, 0, 0, 0, 1])}
PADS_LAST = {"pads": np.array([0, 1, 2, 0, 0, 0, 1, 0])}
ZERO, ONE, TWO, HALF = (np.float32(value) for value in (0, 1, 2, 0.5))


def save(path, *nodes, weights=None):
    """Write a network of a convolution and these nodes, of which the last one computes `y`."""
    return save_model(
        path / "net.onnx",
        [CONV, *nodes],
        [("x", FLOAT, ["n", 3, 16, 16])],
        [("y", FLOAT, None)],
        {**KERNEL, **(weights or {})},
    )


def features(file, **parameters):
    return PretrainedGAP(file, preprocessing=SCALE, **parameters).fit_transform(PHOTOS)


def assert_pooled(file, axes):
    maps = run_file(file, {"x": FIRST}, "y")
    assert maps.ndim == 4
    np.testing.assert_allclose(features(file), maps.mean(axis=axes), rtol=1e-4, atol=1e-5)


# Operators whose outputs have their channels on axis 1, by ONNX's definition.

STATISTICS = {"scale": FOUR, "bias": -FOUR, "mean": FOUR / 2, "var": FOUR**2 + 1}
FIRST_OPERATORS = {
    "AveragePool": (["maps"], {"kernel_shape": [2, 3], "strides": [2, 3]}, {}),
    "BatchNormalization": (["maps", "scale", "bias", "mean", "var"], {}, STATISTICS),
    "Conv": (["maps", "other"], {"kernel_shape": [3, 1]}, {"other": random_weights(5, 4, 3, 1)}),
    "ConvTranspose": (
        ["maps", "other"],
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"other": random_weights(4, 6, 2, 2)},
    ),
    "DepthToSpace": (["maps"], {"blocksize": 2}, {}),
    "GlobalAveragePool": (["maps"], {}, {}),
    "GlobalMaxPool": (["maps"], {}, {}),
    "InstanceNormalization": (
        ["maps", "scale", "bias"],
        {},
        {"scale": STATISTICS["scale"], "bias": STATISTICS["bias"]},
    ),
    "LRN": (["maps"], {"size": 3}, {}),
    "LpPool": (["maps"], {"kernel_shape": [2, 2], "p": 2}, {}),
    "MaxPool": (["maps"], {"kernel_shape": [3, 2], "strides": [2, 1]}, {}),
    "SpaceToDepth": (["maps"], {"blocksize": 2}, {}),
}


@pytest.mark.parametrize("operator", FIRST_OPERATORS)
def test_channels_are_first_after(tmp_path, operator):
    inputs, attributes, weights = FIRST_OPERATORS[operator]
    assert_pooled(
        save(tmp_path, node(operator, inputs, ["y"], **attributes), weights=weights), (2, 3)
    )


def test_a_depthwise_convolution(tmp_path):
    convolution = node("Conv", ["maps", "other"], ["y"], kernel_shape=[3, 3], group=4)
    assert_pooled(
        save(tmp_path, convolution, weights={"other": random_weights(8, 1, 3, 3)}), (2, 3)
    )


# Operators that keep the axes of their input, whichever these are.

KEEPING = {
    "Abs": {},
    "Cast": {"to": FLOAT},
    "Celu": {"alpha": 0.5},
    "Clip": {"inputs": ["ZERO", "ONE"]},
    "Dropout": {},
    "Elu": {},
    "Erf": {},
    "Exp": {},
    "HardSigmoid": {},
    "HardSwish": {},
    "Identity": {},
    "LeakyRelu": {"alpha": 0.2},
    "Neg": {},
    "PRelu": {"inputs": ["HALF"]},
    "Pow": {"inputs": ["TWO"]},
    "Relu": {},
    "Selu": {},
    "Sigmoid": {},
    "Softplus": {},
    "Softsign": {},
    "Tanh": {},
    "ThresholdedRelu": {"alpha": 0.3},
    "Add": {"inputs": ["HALF"]},
    "Div": {"inputs": ["TWO"]},
    "Max": {"inputs": ["ZERO"]},
    "Min": {"inputs": ["ONE"]},
    "Mul": {"inputs": ["TWO"]},
    "Sub": {"inputs": ["ONE"]},
    "Sum": {"inputs": ["ONE"]},
}
CONSTANTS = {"ZERO": ZERO, "ONE": ONE, "TWO": TWO, "HALF": HALF}


@pytest.mark.parametrize("layout", ["first", "last"])
@pytest.mark.parametrize("operator", KEEPING)
def test_channels_stay_where_they_are_after(tmp_path, operator, layout):
    attributes = dict(KEEPING[operator])
    others = attributes.pop("inputs", [])
    weights = {name: CONSTANTS[name] for name in others}
    if layout == "first":
        nodes = [node(operator, ["maps", *others], ["y"], **attributes)]
    else:
        nodes = [TO_LAST, node(operator, ["last", *others], ["y"], **attributes)]
    assert_pooled(save(tmp_path, *nodes, weights=weights), (2, 3) if layout == "first" else (1, 2))


@pytest.mark.parametrize(
    ("layout", "weights"), [("first", PADS), ("last", PADS_LAST)], ids=["first", "last"]
)
def test_padding(tmp_path, layout, weights):
    nodes = [TO_LAST] if layout == "last" else []
    nodes.append(node("Pad", ["last" if nodes else "maps", "pads"], ["y"]))
    assert_pooled(save(tmp_path, *nodes, weights=weights), (2, 3) if layout == "first" else (1, 2))


def test_a_part_of_the_maps(tmp_path):
    ends = {"starts": np.array([2, 0]), "ends": np.array([9, 3]), "axes": np.array([2, 1])}
    assert_pooled(
        save(tmp_path, node("Slice", ["maps", "starts", "ends", "axes"], ["y"]), weights=ends),
        (2, 3),
    )


def test_enlarged_maps(tmp_path):
    resize = node("Resize", ["maps", "", "scales"], ["y"], mode="nearest")
    scales = {"scales": np.float32([1, 1, 2, 1])}
    assert_pooled(save(tmp_path, resize, weights=scales), (2, 3))


def test_quantized_and_back(tmp_path):
    scale = {"scale": np.float32(0.05), "zero": np.uint8(128)}
    nodes = [
        node("QuantizeLinear", ["maps", "scale", "zero"], ["bytes"]),
        node("DequantizeLinear", ["bytes", "scale", "zero"], ["y"]),
    ]
    assert_pooled(save(tmp_path, *nodes, weights=scale), (2, 3))


@pytest.mark.parametrize("operator", ["Add", "Mul", "Max", "Sum"])
def test_two_maps_of_one_layout(tmp_path, operator):
    nodes = [node("Relu", ["maps"], ["kept"]), node(operator, ["maps", "kept"], ["y"])]
    assert_pooled(save(tmp_path, *nodes), (2, 3))


def test_maps_side_by_side(tmp_path):
    nodes = [node("Relu", ["maps"], ["kept"]), node("Concat", ["maps", "kept"], ["y"], axis=1)]
    assert_pooled(save(tmp_path, *nodes), (2, 3))
    nodes = [
        TO_LAST,
        node("Relu", ["last"], ["kept"]),
        node("Concat", ["last", "kept"], ["y"], axis=3),
    ]
    assert_pooled(save(tmp_path, *nodes), (1, 2))


# Operators whose outputs have their channels last.


def test_channels_are_last_after_a_product_with_weights(tmp_path):
    nodes = [TO_LAST, node("MatMul", ["last", "dense"], ["y"])]
    assert_pooled(save(tmp_path, *nodes, weights={"dense": random_weights(4, 5)}), (1, 2))


def test_channels_are_last_after_a_layer_normalization(tmp_path):
    weights = {"scale": FOUR, "bias": FOUR}
    nodes = [TO_LAST, node("LayerNormalization", ["last", "scale", "bias"], ["y"], axis=-1)]
    assert_pooled(save(tmp_path, *nodes, weights=weights), (1, 2))


def test_a_block_of_convnext(tmp_path):
    """Channels are last inside of the block, and first after it."""
    nodes = [
        TO_LAST,
        node("LayerNormalization", ["last", "scale", "bias"], ["normed"], axis=-1),
        node("MatMul", ["normed", "wide"], ["hidden"]),
        node("Relu", ["hidden"], ["positive"]),
        node("MatMul", ["positive", "narrow"], ["mixed"], "mixed"),
        node("Transpose", ["mixed"], ["first"], perm=[0, 3, 1, 2]),
        node("Add", ["maps", "first"], ["y"]),
    ]
    weights = {
        "scale": FOUR,
        "bias": FOUR,
        "wide": random_weights(4, 16),
        "narrow": random_weights(16, 4),
    }
    file = save(tmp_path, *nodes, weights=weights)
    assert_pooled(file, (2, 3))
    inside = run_file(file, {"x": FIRST}, "positive").mean(axis=(1, 2))
    np.testing.assert_allclose(features(file, cut_layer="positive"), inside, rtol=1e-4, atol=1e-5)
    assert list_cut_layers(file, shapes=True)["hidden"] == (14, 14, 16)


@pytest.mark.parametrize(
    ("order", "axes"),
    [([0, 1, 3, 2], (2, 3)), ([0, 3, 2, 1], (1, 2)), ([0, 2, 3, 1], (1, 2))],
    ids=str,
)
def test_channels_move_with_a_transposition(tmp_path, order, axes):
    assert_pooled(save(tmp_path, node("Transpose", ["maps"], ["y"], perm=order)), axes)


# Operators after which nothing in the file shows which axis it is.

OPEN = {
    "between": [node("Transpose", ["maps"], ["y"], perm=[0, 2, 1, 3])],
    "reshaped": [node("Reshape", ["maps", "shape"], ["y"])],
    "softmax": [node("Softmax", ["maps"], ["y"], axis=1)],
    "mixed": [
        node("Transpose", ["square"], ["turned"], perm=[0, 2, 3, 1]),
        node("Add", ["square", "turned"], ["y"]),
    ],
}


@pytest.mark.parametrize("case", OPEN)
def test_open_axes_are_an_error_unless_maps_are_flattened(tmp_path, case):
    nodes, weights = OPEN[case], {}
    if case == "reshaped":
        weights = {"shape": np.array([-1, 7, 28, 4])}
    if case == "mixed":
        wide = node("Conv", ["maps", "wide"], ["square"], kernel_shape=[1, 1])
        nodes, weights = [wide, *nodes], {"wide": random_weights(14, 4, 1, 1)}
    file = save(tmp_path, *nodes, weights=weights)
    with pytest.raises(ValueError, match=r"net gives .*which of its axes holds.*pooling=None"):
        features(file)
    maps = run_file(file, {"x": FIRST}, "y")
    np.testing.assert_allclose(
        features(file, pooling=None), maps.reshape(3, -1), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("layout", ["first", "last"])
def test_flattened_maps_are_in_the_order_of_keras(tmp_path, layout):
    """Rows, columns, channels; so that features agree with those of a Keras model."""
    nodes = [node("Relu", ["maps"], ["y"])]
    if layout == "last":
        nodes = [TO_LAST, node("Relu", ["last"], ["y"])]
    file = save(tmp_path, *nodes)
    maps = run_file(file, {"x": FIRST}, "y")
    maps = maps.transpose(0, 2, 3, 1) if layout == "first" else maps
    np.testing.assert_allclose(
        features(file, pooling=None), maps.reshape(3, -1), rtol=1e-4, atol=1e-5
    )
