"""Small ONNX files for tests, in the ways in which exporters write them."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

FLOAT, FLOAT16, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64
OPSET = [helper.make_opsetid("", 17)]


def random_weights(*shape, seed=0, dtype=np.float32):
    values = np.random.default_rng(seed).normal(size=shape) / np.sqrt(np.prod(shape[1:]))
    return values.astype(dtype)


def save_model(path, nodes, inputs, outputs, weights, domains=(), **options):
    """Write a model.

    Parameters
    ----------
    path : Path
        The file.

    nodes : list of onnx.NodeProto
        The nodes.

    inputs, outputs : list of tuple (name, type, shape)
        What it takes and returns.

    weights : dict of str to ndarray
        The initializers.

    domains : list of str, default=()
        The domains of operators that aren't ONNX's.

    **options : dict
        Further arguments of `onnx.save`.
    """
    opset = OPSET + [helper.make_opsetid(domain, 1) for domain in domains]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path, **options)
    return path


def torch_nodes(head="Gemm"):
    """Return the nodes of a small convolutional network, named as PyTorch's exporter does."""
    node = helper.make_node
    return [
        node("Conv", ["input", "conv1.weight"], ["/conv1/Conv_output_0"], "/conv1/Conv",
             kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["/conv1/Conv_output_0"], ["/relu/Relu_output_0"], "/relu/Relu"),
        node("Conv", ["/relu/Relu_output_0", "conv2.weight"], ["/conv2/Conv_output_0"],
             "/conv2/Conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["/conv2/Conv_output_0"], ["/pool_output_0"],
             "/pool/GlobalAveragePool"),
        node("Flatten", ["/pool_output_0"], ["/Flatten_output_0"], "/Flatten"),
        node(head, ["/Flatten_output_0", "fc.weight"], ["output"], "/fc/Gemm"),
    ]  # fmt: skip


def torch_weights(channels=3, dtype=np.float32, seed=0):
    return {
        "conv1.weight": random_weights(8, channels, 3, 3, seed=seed, dtype=dtype),
        "conv2.weight": random_weights(80, 8, 3, 3, seed=1, dtype=dtype),
        "fc.weight": random_weights(80, 5, seed=2, dtype=dtype),
    }


def save_torch_cnn(
    path, shape=("batch", 3, 16, 16), channels=3, dtype=np.float32, seed=0, **options
):
    """Write a network with channels first: two convolutions, pooling and a dense layer."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return save_model(
        path,
        torch_nodes(),
        [("input", kind, list(shape))],
        [("output", kind, [shape[0], 5])],
        torch_weights(channels, dtype, seed),
        **options,
    )


def save_tokens(path):
    """Write a network that returns a class token and 16 tokens of patches, each of 8 numbers."""
    node = helper.make_node
    nodes = [
        node("Conv", ["pixel_values", "patch.weight"], ["patches"], "/patch/Conv",
             kernel_shape=[4, 4], strides=[4, 4]),
        node("Reshape", ["patches", "flat"], ["flat_patches"], "/Reshape"),
        node("Transpose", ["flat_patches"], ["tokens"], "/Transpose", perm=[0, 2, 1]),
        node("ReduceMean", ["tokens"], ["mean"], "/mean", axes=[1], keepdims=1),
        node("Add", ["mean", "cls"], ["cls_token"], "/cls"),
        node("Concat", ["cls_token", "tokens"], ["all_tokens"], "/Concat", axis=1),
        node("Add", ["all_tokens", "position"], ["last_hidden_state"], "/position"),
    ]  # fmt: skip
    weights = {
        "patch.weight": random_weights(8, 3, 4, 4),
        "flat": np.array([0, 8, 16]),
        "cls": random_weights(1, 1, 8, seed=1),
        "position": random_weights(1, 17, 8, seed=2),
    }
    return save_model(
        path,
        nodes,
        [("pixel_values", FLOAT, ["batch_size", 3, 16, 16])],
        [("last_hidden_state", FLOAT, ["batch_size", 17, 8])],
        weights,
    )


def save_open_tokens(path):
    """Write a transformer whose sizes are all computed, as those of dynamic axes are."""
    node = helper.make_node
    nodes = [
        node("Conv", ["pixel_values", "patch"], ["maps"], "/patch/Conv",
             kernel_shape=[4, 4], strides=[4, 4]),
        node("Shape", ["maps"], ["sizes"], "/Shape"),
        node("Gather", ["sizes", "zero"], ["n"], "/Gather", axis=0),
        node("Unsqueeze", ["n", "first"], ["n_images"], "/Unsqueeze"),
        node("Concat", ["n_images", "eight", "rest"], ["flat"], "/Concat", axis=0),
        node("Reshape", ["maps", "flat"], ["rows"], "/Reshape"),
        node("Transpose", ["rows"], ["patches"], "/Transpose", perm=[0, 2, 1]),
        node("Concat", ["n_images", "one", "eight"], ["one_each"], "/Concat_1", axis=0),
        node("Expand", ["cls", "one_each"], ["cls_token"], "/Expand"),
        node("Concat", ["cls_token", "patches"], ["tokens"], "/Concat_2", axis=1),
        node("LayerNormalization", ["tokens", "scale", "bias"], ["last_hidden_state"], "/norm",
             axis=-1),
        node("Gather", ["last_hidden_state", "zero"], ["pooler_output"], "/pool", axis=1),
    ]  # fmt: skip
    weights = {
        "patch": random_weights(8, 3, 4, 4),
        "zero": np.array(0),
        "first": np.array([0]),
        "eight": np.array([8]),
        "rest": np.array([-1]),
        "one": np.array([1]),
        "cls": random_weights(1, 1, 8, seed=1),
        "scale": np.ones(8, dtype=np.float32),
        "bias": np.zeros(8, dtype=np.float32),
    }
    sizes = ["batch_size", "num_channels", "height", "width"]
    outputs = [
        ("last_hidden_state", FLOAT, ["batch_size", "tokens", 8]),
        ("pooler_output", FLOAT, ["batch_size", 8]),
    ]
    return save_model(path, nodes, [("pixel_values", FLOAT, sizes)], outputs, weights)


def run_file(path, inputs, tensor=None):
    """Compute an output of an ONNX file, or any of its tensors, with ONNX Runtime alone."""
    import onnxruntime

    model = onnx.load(path)
    if tensor is not None:
        del model.graph.output[:]
        model.graph.output.append(onnx.ValueInfoProto(name=tensor))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, inputs)[0]
