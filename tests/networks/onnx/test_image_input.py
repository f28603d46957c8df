"""The input of an ONNX file: its layout, channels, size and type are read from the file."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper

from skfusion import ImagePreprocessing, ImageReader, PretrainedGAP, list_cut_layers
from tests.onnx_for_tests import FLOAT, FLOAT16, INT64, random_weights, run_file, save_model

RAW = ImagePreprocessing(scale=1)
PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 12, 16, 3), dtype=np.uint8)
PIXELS = PHOTOS.astype(np.float32)
FIRST = np.ascontiguousarray(PIXELS.transpose(0, 3, 1, 2))
OPEN = ["n", "a", "b", "c"]
node = helper.make_node
KERNEL = random_weights(4, 3, 3, 3)


def save(path, nodes, shape, weights=None, dtype=FLOAT):
    """Write a network whose last node computes `y`."""
    return save_model(
        path / "net.onnx", nodes, [("x", dtype, shape)], [("y", FLOAT, None)], weights or {}
    )


def features(file, images=PHOTOS, **parameters):
    return PretrainedGAP(file, preprocessing=RAW, **parameters).fit_transform(images)


def assert_pooled(file, inputs, images=PHOTOS, axes=(2, 3), **parameters):
    """Check the features against ONNX Runtime, which gets the inputs in the file's layout."""
    expected = run_file(file, {"x": inputs}, "y").mean(axis=axes)
    result = features(file, images, **parameters)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-3)


def conv(source, output="y", **attributes):
    return node("Conv", [source, "kernel"], [output], kernel_shape=[3, 3], **attributes)


# The layout, by the way to the first convolution.

SCALARS = {"one": np.float32(1), "two": np.float32(2)}
STEPS = {
    "Add": (["x", "one"], {}),
    "Cast": (["x"], {"to": FLOAT}),
    "Clip": (["x", "one", "two"], {}),
    "Div": (["x", "two"], {}),
    "Identity": (["x"], {}),
    "Mul": (["x", "two"], {}),
    "Sub": (["x", "one"], {}),
}


@pytest.mark.parametrize("operator", STEPS)
def test_a_step_before_the_convolution(tmp_path, operator):
    """All sizes are open: only the weights of the convolution show the channels."""
    inputs, attributes = STEPS[operator]
    nodes = [node(operator, inputs, ["ready"], **attributes), conv("ready")]
    weights = {"kernel": KERNEL, **{name: SCALARS[name] for name in inputs[1:]}}
    file = save(tmp_path, nodes, OPEN, weights)
    assert_pooled(file, FIRST, image_size=(12, 16))


@pytest.mark.parametrize("order", [[0, 3, 1, 2], [0, 3, 2, 1]], ids=str)
def test_channels_last_are_transposed_before_the_convolution(tmp_path, order):
    nodes = [node("Transpose", ["x"], ["first"], perm=order), conv("first")]
    file = save(tmp_path, nodes, OPEN, {"kernel": KERNEL})
    assert_pooled(file, PIXELS, image_size=(12, 16))


def test_two_transpositions_that_cancel(tmp_path):
    nodes = [
        node("Transpose", ["x"], ["last"], perm=[0, 2, 3, 1]),
        node("Sub", ["last", "mean"], ["centered"]),
        node("Transpose", ["centered"], ["first"], perm=[0, 3, 1, 2]),
        conv("first"),
    ]
    weights = {"kernel": KERNEL, "mean": np.float32([100, 110, 120])}
    assert_pooled(save(tmp_path, nodes, OPEN, weights), FIRST, image_size=(12, 16))


def test_padding_before_the_convolution(tmp_path):
    nodes = [node("Pad", ["x", "pads"], ["padded"]), conv("padded")]
    weights = {"kernel": KERNEL, "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])}
    assert_pooled(save(tmp_path, nodes, OPEN, weights), FIRST, image_size=(12, 16))


def test_bytes_that_are_quantized_numbers(tmp_path):
    nodes = [node("DequantizeLinear", ["x", "scale", "zero"], ["ready"]), conv("ready")]
    weights = {"kernel": KERNEL, "scale": np.float32(0.1), "zero": np.uint8(128)}
    file = save(tmp_path, nodes, OPEN, weights, TensorProto.UINT8)
    first = np.ascontiguousarray(PHOTOS.transpose(0, 3, 1, 2))
    assert_pooled(file, first, image_size=(12, 16))


def test_a_quantized_convolution(tmp_path):
    nodes = [
        node("QuantizeLinear", ["x", "scale", "zero"], ["bytes"]),
        node(
            "QLinearConv",
            ["bytes", "scale", "zero", "kernel", "scale", "zero", "wide", "zero"],
            ["sums"],
            kernel_shape=[3, 3],
        ),
        node("DequantizeLinear", ["sums", "wide", "zero"], ["y"]),
    ]
    weights = {
        "kernel": np.random.default_rng(0).integers(100, 150, (4, 3, 3, 3), dtype=np.uint8),
        "scale": np.float32(1),
        "wide": np.float32(100),
        "zero": np.uint8(128),
    }
    assert_pooled(save(tmp_path, nodes, OPEN, weights), FIRST, image_size=(12, 16))


# The number of channels, by the weights of the convolution.


@pytest.mark.parametrize("store", ["Constant", "Cast", "Identity", "DequantizeLinear"])
def test_weights_that_a_node_makes(tmp_path, store):
    weights, nodes = {}, []
    if store == "Constant":
        value = numpy_helper.from_array(KERNEL)
        nodes.append(node("Constant", [], ["kernel"], value=value))
    elif store == "DequantizeLinear":
        weights = {"stored": np.arange(108, dtype=np.uint8).reshape(4, 3, 3, 3)}
        weights |= {"scale": np.float32(0.1), "zero": np.uint8(50)}
        nodes.append(node(store, ["stored", "scale", "zero"], ["kernel"]))
    else:
        half = store == "Cast"
        weights = {"stored": KERNEL.astype(np.float16) if half else KERNEL}
        nodes.append(node(store, ["stored"], ["kernel"], **({"to": FLOAT} if half else {})))
    file = save(tmp_path, [*nodes, conv("x")], OPEN, weights)
    assert_pooled(file, FIRST, image_size=(12, 16))


def test_a_grouped_convolution_has_its_groups_times_the_channels_of_its_weights(tmp_path):
    file = save(tmp_path, [conv("x", group=3)], OPEN, {"kernel": random_weights(6, 1, 3, 3)})
    assert_pooled(file, FIRST, image_size=(12, 16))


def test_gray_images_by_the_weights(tmp_path):
    file = save(tmp_path, [conv("x")], OPEN, {"kernel": random_weights(4, 1, 3, 3)})
    gray = PHOTOS[..., 0]
    assert_pooled(file, FIRST[:, :1], images=gray, image_size=(12, 16))


def test_gray_images_become_color_where_the_file_takes_color(tmp_path):
    file = save(tmp_path, [conv("x")], ["n", 3, 12, 16], {"kernel": KERNEL})
    gray = PHOTOS[..., 0]
    assert_pooled(file, np.repeat(FIRST[:, :1], 3, axis=1), images=gray)


@pytest.mark.parametrize("n_channels", [2, 4, 12])
def test_other_numbers_of_channels_are_an_error(tmp_path, n_channels):
    kernel = {"kernel": random_weights(4, n_channels, 3, 3)}
    for shape in (OPEN, ["n", n_channels, 12, 16]):
        message = rf"input 'x' of .* has {n_channels} channels\. Images have 1 or 3"
        with pytest.raises(ValueError, match=message):
            features(save(tmp_path, [conv("x")], shape, kernel), image_size=(12, 16))


# Size and batch.


@pytest.mark.parametrize(
    "shape", [[1, 3, 12, 16], ["n", 3, 12, 16], [0, 3, 12, 16], [None, None, 12, 16]], ids=str
)
def test_a_size_in_the_file_is_that_of_the_images(tmp_path, shape):
    file = save(tmp_path, [conv("x")], shape, {"kernel": KERNEL})
    larger = np.repeat(np.repeat(PHOTOS, 2, axis=1), 2, axis=2)
    nearest = ImageReader(resample="nearest")
    resized = features(file, larger, reader=nearest)
    np.testing.assert_allclose(resized, features(file), atol=1e-3)
    assert resized.shape == (3, 4)
    with pytest.raises(ValueError, match="12 x 16 pixels only"):
        features(file, image_size=(16, 12))


@pytest.mark.parametrize("shape", [["n", 3, 12, "w"], ["n", 3, "h", 16]], ids=str)
def test_one_side_in_the_file_is_not_enough(tmp_path, shape):
    file = save(tmp_path, [conv("x")], shape, {"kernel": KERNEL})
    with pytest.raises(ValueError, match="image_size"):
        features(file)
    assert_pooled(file, FIRST, image_size=(12, 16))


def test_cuts_of_an_open_size_have_open_shapes(tmp_path):
    nodes = [
        conv("x", "maps"),
        node("GlobalMaxPool", ["maps"], ["one"]),
        node("Flatten", ["one"], ["y"]),
    ]
    file = save(tmp_path, nodes, OPEN, {"kernel": KERNEL})
    assert list_cut_layers(file, shapes=True) == {
        "maps": (4, None, None),
        "one": (4, 1, 1),
        "y": (4,),
    }
    assert list_cut_layers(file, shapes=True, image_size=(12, 16))["maps"] == (4, 10, 14)


# What a file has to have.


@pytest.mark.parametrize(
    ("dtype", "shape", "described"),
    [
        (INT64, ["n", 3, 12, 16], r"'x' \(int64, \[n, 3, 12, 16\]\)"),
        (FLOAT, ["n", 3, 12], r"'x' \(float, \[n, 3, 12\]\)"),
        (FLOAT, ["n", 3, 2, 12, 16], r"'x' \(float, \[n, 3, 2, 12, 16\]\)"),
        (FLOAT16, [], r"'x' \(float16, \[\]\)"),
        (TensorProto.BOOL, ["n", 3, 12, 16], r"'x' \(bool, \[n, 3, 12, 16\]\)"),
    ],
    ids=["int64", "three", "five", "none", "bool"],
)
def test_no_input_for_images(tmp_path, dtype, shape, described):
    file = save(tmp_path, [node("Identity", ["x"], ["y"])], shape, dtype=dtype)
    with pytest.raises(ValueError, match=rf"has no input for images: .*inputs are {described}"):
        features(file)


def test_a_file_without_inputs(tmp_path):
    nodes = [node("Identity", ["kernel"], ["y"])]
    file = save_model(tmp_path / "net.onnx", nodes, [], [("y", FLOAT, None)], {"kernel": KERNEL})
    with pytest.raises(ValueError, match=r"has no input for images: .*its inputs are none"):
        features(file)


def test_weights_that_are_listed_as_inputs(tmp_path):
    """As in the first versions of ONNX."""
    file = save_model(
        tmp_path / "net.onnx",
        [conv("x")],
        [("x", FLOAT, ["n", 3, 12, 16]), ("kernel", FLOAT, [4, 3, 3, 3])],
        [("y", FLOAT, None)],
        {"kernel": KERNEL},
    )
    assert_pooled(file, FIRST)


def test_an_input_that_is_not_one_for_images_cannot_be_chosen(tmp_path):
    nodes = [conv("x", "maps"), node("Mul", ["maps", "factor"], ["y"])]
    file = save_model(
        tmp_path / "net.onnx",
        nodes,
        [("x", FLOAT, ["n", 3, 12, 16]), ("factor", FLOAT, [1])],
        [("y", FLOAT, None)],
        {"kernel": KERNEL},
    )
    with pytest.raises(ValueError, match="no input for images"):
        features(file, backbone_options={"input": "factor"})
    with pytest.raises(ValueError, match=r"depends on the input\(s\) 'factor' beside the images"):
        features(file)
    assert features(file, cut_layer="maps").shape == (3, 4)
    assert list_cut_layers(file) == ["maps"]


# Declared layouts.


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_declared_layout_decides(tmp_path, layout):
    """A file whose sizes suit both."""
    nodes = [node("Flatten", ["x"], ["flat"]), node("Gemm", ["flat", "dense"], ["y"])]
    weights = {"dense": random_weights(3 * 12 * 3, 5)}
    file = save(tmp_path, nodes, ["n", 3, 12, 3], weights)
    size = (12, 3) if layout == "NCHW" else (3, 12)
    images = np.random.default_rng(1).integers(0, 256, (4, *size, 3), dtype=np.uint8)
    inputs = images.transpose(0, 3, 1, 2) if layout == "NCHW" else images
    expected = run_file(file, {"x": np.ascontiguousarray(inputs, dtype=np.float32)})
    result = features(file, images, backbone_options={"layout": layout})
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-2)
    with pytest.raises(ValueError, match="which of them holds the channels"):
        features(file, images)
