"""reduce_precision: weights of networks with 16 or 8 bits."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Smaller constants keep their precision: they are biases, or weights of heads.
_SMALLEST = 1024
_LARGEST_INT8 = 127


def reduce_precision(graph, precision):
    """Store the large float32 weights of a graph with fewer bits.

    Computations stay in float32: the weights are restored when the graph is loaded.

    Parameters
    ----------
    graph : onnx.ModelProto
        The model; it is changed.

    precision : {"float16", "int8"} or None
        "float16" halves the size. "int8" quarters it, with a scale for each output channel.
    """
    if precision is None:
        return
    nodes, kept = [], []
    channels = _output_axes(graph.graph.node)
    for tensor in graph.graph.initializer:
        array = numpy_helper.to_array(tensor) if tensor.data_type == TensorProto.FLOAT else None
        if array is None or array.size < _SMALLEST or not np.isfinite(array).all():
            kept.append(tensor)
        elif precision == "float16":
            kept.append(numpy_helper.from_array(_as_half(array), f"{tensor.name}/half"))
            nodes.append(
                helper.make_node("Cast", [kept[-1].name], [tensor.name], to=TensorProto.FLOAT)
            )
        else:
            parts, steps = _as_int8(tensor.name, array, channels.get(tensor.name, array.ndim - 1))
            kept += parts
            nodes += steps
    old = list(graph.graph.node)
    del graph.graph.node[:], graph.graph.initializer[:]
    graph.graph.node.extend(nodes + old)
    graph.graph.initializer.extend(kept)


def _as_half(array):
    """Return float16; values beyond its range become its largest."""
    largest = float(np.finfo(np.float16).max)
    return array.clip(-largest, largest).astype(np.float16)


def _as_int8(name, array, axis):
    """Return the constants and the nodes that restore weights of 8 bits.

    ONNX Runtime computes these nodes once, when it loads the graph. It would compute
    DequantizeLinear in each run.
    """
    others = tuple(i for i in range(array.ndim) if i != axis)
    scales = np.abs(array).max(axis=others, keepdims=True) / _LARGEST_INT8
    scales = np.where(scales == 0, 1, scales).astype(np.float32)
    values = np.rint(array / scales).astype(np.int8)
    whole, scale, floats = (f"{name}/{part}" for part in ("int8", "scales", "floats"))
    parts = [numpy_helper.from_array(values, whole), numpy_helper.from_array(scales, scale)]
    return parts, [
        helper.make_node("Cast", [whole], [floats], to=TensorProto.FLOAT),
        helper.make_node("Mul", [floats, scale], [name]),
    ]


def _output_axes(nodes):
    """Return the axis of output channels of each weight, by the node that uses it."""
    axes = {}
    for node in nodes:
        if node.op_type == "Conv" and len(node.input) > 1:
            axes[node.input[1]] = 0
    return axes
