"""Networks as parts of a graph."""

import numpy as np
from onnx import load_from_string, numpy_helper

from skfusion.networks._network import Network
from skfusion.networks._pooling import token_parts
from skfusion.networks.backbones._listing import list_backbones
from skfusion.networks.backbones._registry import find_spec
from skfusion.networks.onnx._onnx_export import export_onnx
from skfusion.networks.onnx._onnx_network import OnnxNetwork
from skfusion.networks.onnx._openvino_network import OpenVinoNetwork
from skfusion.networks.onnx._to_onnx_network import check_converter, to_onnx_network
from skfusion.serving.graph._graph_builder import at_opset
from skfusion.serving.graph._not_convertible import NotConvertible


def network_outputs(g, network, pixels):
    """Return a network's outputs.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    network : BaseNetwork
        The network.

    pixels : str
        float32 in 0..255 of shape (rows, height, width, channels).

    Returns
    -------
    outputs : str
        float32 of shape (rows, width).
    """
    network = network.resolve()
    key = ("network", network.fingerprint, pixels)
    if key not in g.cache:
        converted = as_onnx(network)
        inputs = preprocess(g, pixels, converted.preprocessing, network.input_shape[2])
        model = _whole_model(converted.graph, converted.weights, converted.name)
        name = model.graph.input[0].name
        views = _flipped_views(g, inputs, converted.flips)
        outputs = g.merge(model, {name: g.concat(views, axis=0)})[0]
        outputs = _pool(g, outputs, converted)
        if len(views) > 1:
            each = g.op("Reshape", outputs, [len(views), -1, converted.output_shape[0]])
            outputs = g.op("ReduceMean", each, [0], keepdims=0)
        g.networks.append(describe_network(network, network.name))
        g.cache[key] = outputs
    return g.cache[key]


def joint_outputs(g, network, inputs):
    """Return the outputs of a JointNetwork, of shape (rows, n_outputs), as float32.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    network : JointNetwork
        The network.

    inputs : dict of str to str
        float32 tensors by the name of the input; pixels are preprocessed.
    """
    check_converter()
    try:
        graph, weights = export_onnx(network)
    except Exception as error:  # TensorFlow, tf2onnx and Keras raise what they like
        text = " ".join(str(error).split())
        raise NotConvertible(f"the joint network can't be converted: {text:.200}") from error
    model = _whole_model(graph, weights, network.name)
    names = [value.name for value in model.graph.input]
    return g.merge(model, {name: inputs[name] for name in names})[0]


def describe_network(network, backbone):
    """Return what the metadata says of a network.

    Parameters
    ----------
    network : BaseNetwork
        The network.

    backbone : object
        What it was built from: a name, a file or a function.
    """
    names = {name.lower(): name for name in list_backbones()}
    name = names.get(str(backbone).lower())
    spec = None if name is None else find_spec(name)
    preprocessing = network.preprocessing
    shapes = getattr(network, "input_shapes", None) or {"image": network.input_shape}
    return {
        "name": name or network.name,
        "input": list(shapes.get("image", ())),
        "weights_license": None if spec is None else spec.license,
        "preprocessing": {
            name: getattr(preprocessing, name) for name in ("scale", "mean", "std", "channels")
        },
    }


def _flipped_views(g, images, flips):
    """Return images and their mirror images, over which outputs are averaged."""
    views = [images]
    if flips is not None:
        views.append(_flipped(g, images, 2))
    if flips == "both":
        views += [_flipped(g, view, 1) for view in views]
    return views


def _flipped(g, images, axis):
    return g.op("Slice", images, [-1], [np.iinfo(np.int64).min], [axis], [-1])


def as_onnx(network):
    """Return a network as an OnnxNetwork."""
    if isinstance(network, OpenVinoNetwork):
        raise NotConvertible(
            f"the network {network.name!r} is in OpenVINO's format; fit with runtime='onnx' or None"
        )
    if isinstance(network, OnnxNetwork):
        return network
    if not isinstance(network, Network):
        raise NotConvertible(f"{type(network).__name__} is a network without an ONNX form")
    try:
        return to_onnx_network(network)
    except ValueError as error:
        raise NotConvertible(str(error)) from error


def _whole_model(graph, weights, name):
    """Return a network as a model of `OPSETS` that holds its weights."""
    model = load_from_string(bytes(graph))
    if len(model.functions):
        raise NotConvertible(f"the ONNX file {name!r} has functions of its own")
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    if batch.HasField("dim_value"):
        raise NotConvertible(
            f"the ONNX file {name!r} computes {batch.dim_value} image(s) at a time only"
        )
    for tensor in model.graph.initializer:
        array = weights.get(tensor.name)
        if array is not None:
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))
    try:
        return at_opset(model)
    except Exception as error:  # onnx's converter has no exceptions of its own
        text = " ".join(str(error).split())
        raise NotConvertible(
            f"the network {name!r} can't be brought to another version of ONNX: {text:.200}"
        ) from error


def preprocess(g, pixels, preprocessing, n_channels):
    """Return pixels as the inputs of a network, as `ImagePreprocessing.apply` does."""
    if preprocessing.channels == "bgr":
        pixels = g.op("Gather", pixels, [2, 1, 0], axis=3)
    mean, std = (preprocessing._values(name, n_channels) for name in ("mean", "std"))
    if preprocessing.scale != 1:
        pixels = g.op("Mul", pixels, np.float32(preprocessing.scale))
    if (mean != 0).any():
        pixels = g.op("Sub", pixels, mean)
    if (std != 1).any():
        pixels = g.op("Div", pixels, std)
    return pixels


def _pool(g, outputs, network):
    """Pool outputs, as `pool_array` does; networks of Keras have layers for it."""
    if network.origin is not None:
        return outputs
    rank = _rank(network)
    if rank == 4 and network.channels_first:
        outputs = g.op("Transpose", outputs, perm=[0, 2, 3, 1])
    if rank == 2 or network.pooling is None:
        return g.op("Flatten", outputs, axis=1)
    if rank == 4:
        kind = "ReduceMax" if network.pooling == "max" else "ReduceMean"
        return g.op(kind, outputs, [1, 2], keepdims=0)
    patches = g.slice(outputs, network.n_prefix_tokens or 0, 2**31 - 1, 1)
    parts = {
        "cls": lambda: g.op("Gather", outputs, np.int64(0), axis=1),
        "mean": lambda: g.op("ReduceMean", patches, [1], keepdims=0),
        "max": lambda: g.op("ReduceMax", patches, [1], keepdims=0),
    }
    return g.concat([parts[part]() for part in token_parts(network.pooling)])


def _rank(network):
    """Return the number of axes of the outputs, which one image shows."""
    image = np.zeros((1, *network.input_shape), dtype=np.float32)
    return network.runtime.compute(network, image, 1).ndim
