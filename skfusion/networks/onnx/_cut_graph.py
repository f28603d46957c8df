"""cut_graph: the part of an ONNX graph between the images and a tensor, as a graph of its own."""

import numpy as np

from skfusion.networks.onnx._onnx_graph import used_names
from skfusion.networks.onnx._onnx_package import LARGEST_CONSTANT, declare_external, import_onnx

PIXELS, FEATURES = "skfusion_pixels", "skfusion_features"
_CHANNELS_FIRST = [0, 3, 1, 2]


def cut_graph(file, graph, image_input, tensor, image_shape):
    """Cut a graph.

    The new graph takes images of float32 with channels last, whatever the file takes, and returns
    float32.

    Parameters
    ----------
    file : OnnxFile
        The file.

    graph : OnnxGraph
        Its graph.

    image_input : ImageInput
        The input for images.

    tensor : str
        The output of the new graph.

    image_shape : tuple (height, width, channels)
        The shape of one image.

    Returns
    -------
    graph : bytes
        The graph in ONNX's format, without the values of large weights.

    weights : dict of str to ndarray
        The large weights by name.
    """
    onnx = import_onnx()
    model = onnx.ModelProto()
    model.ir_version = max(file.model.ir_version, 4)  # since 4, weights needn't be inputs
    model.producer_name = "skfusion"
    model.opset_import.extend(file.model.opset_import)
    model.functions.extend(file.model.functions)
    nodes = [graph.nodes[position] for position in graph.needed_nodes(tensor)]
    cut = model.graph
    cut.name = "network"
    make = onnx.helper.make_tensor_value_info
    cut.input.append(make(PIXELS, onnx.TensorProto.FLOAT, [image_input.batch, *image_shape]))
    cut.output.append(make(FEATURES, onnx.TensorProto.FLOAT, None))
    cut.node.extend(_entry_nodes(image_input))
    cut.node.extend(nodes)
    cut.node.append(onnx.helper.make_node("Cast", [tensor], [FEATURES], to=onnx.TensorProto.FLOAT))
    used = {tensor, *(name for node in nodes for name in used_names(node))}
    weights = _add_weights(cut, file, graph, used)
    _load_inner_weights(cut, file)
    return model.SerializeToString(), weights


def _entry_nodes(image_input):
    """Return the nodes from images of float32 with channels last to the input of the file."""
    onnx = import_onnx()
    steps = []
    if image_input.layout == "NCHW":
        steps.append(("Transpose", {"perm": _CHANNELS_FIRST}))
    if image_input.dtype == "uint8":
        steps.append(("Round", {}))
    dtype = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(image_input.dtype))
    steps.append(("Cast", {"to": dtype}))
    names = [PIXELS, *(f"skfusion_input_{i}" for i in range(1, len(steps))), image_input.name]
    return [
        onnx.helper.make_node(kind, [names[i]], [names[i + 1]], **attributes)
        for i, (kind, attributes) in enumerate(steps)
    ]


def _add_weights(cut, file, graph, used):
    """Add the weights that a graph uses, and return the large ones, which it doesn't hold."""
    weights = {}
    for name, tensor in graph.initializers.items():
        if name not in used:
            continue
        added = cut.initializer.add()
        added.CopyFrom(tensor)
        file.load(added)
        array = _as_array(added)
        if array is not None:
            declare_external(added, name, array)
            weights[name] = array
    for tensor in graph.graph.sparse_initializer:
        if tensor.values.name in used:
            cut.sparse_initializer.add().CopyFrom(tensor)
    return weights


def _as_array(tensor):
    """Return large weights as an array; None for small ones, and for types that NumPy lacks."""
    onnx = import_onnx()
    if np.prod(tensor.dims, dtype=np.int64) <= LARGEST_CONSTANT:
        return None
    array = onnx.numpy_helper.to_array(tensor)
    is_plain = array.dtype.kind in "biuf" and array.dtype.isbuiltin == 1
    return np.ascontiguousarray(array) if is_plain else None


def _load_inner_weights(graph, file):
    """Read the weights of constants, and of graphs inside of nodes, into the graph."""
    for node in graph.node:
        for attribute in node.attribute:
            for tensor in (attribute.t, *attribute.tensors):
                file.load(tensor)
            for inner in (attribute.g, *attribute.graphs):
                for tensor in inner.initializer:
                    file.load(tensor)
                _load_inner_weights(inner, file)
