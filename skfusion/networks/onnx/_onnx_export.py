"""Export of a Keras network to an ONNX graph, by way of a TensorFlow graph."""

import logging
import warnings
from contextlib import contextmanager

import numpy as np

from skfusion.networks.onnx._onnx_package import LARGEST_CONSTANT, declare_external
from skfusion.networks.runtimes._keras import building, import_keras

_PIXELS = "pixels"
# Attributes of functions that TensorFlow compiles as a whole. Keras compiles grouped convolutions
# with XLA, because TensorFlow's own kernels can't compute them on a CPU. ONNX Runtime can.
_COMPILED = ("_XlaMustCompile", "_noinline")


def export_onnx(network):
    """Export a network whose Keras model runs on TensorFlow.

    Parameters
    ----------
    network : Network
        The network. The inputs of the graph are "pixels", or those of a JointNetwork by name.

    Returns
    -------
    graph : bytes
        The ONNX graph, without the values of large weights.

    weights : dict of str to ndarray
        The large weights, by their names in the graph. They are the network's own arrays.

    Raises
    ------
    ValueError
        If the network has an operation that ONNX doesn't have.
    """
    weights = {
        _weight_name(position): array
        for position, array in enumerate(network.weights)
        if array.size > LARGEST_CONSTANT
    }
    with building(0), _silenced_converter():
        model = network.runtime.loaded_model(network) or network.to_model()
        function = _trace(model, network, weights)
        inputs = [f"{name}:0" for name in (*_input_shapes(network), *weights)]
        outputs = [tensor.name for tensor in function.outputs]
        graph_def = _inline_functions(_freeze(function), inputs, outputs)
        proto = _convert(graph_def, inputs, outputs)
    _check_operations(proto)
    _declare_weights(proto, _input_shapes(network), weights)
    return proto.SerializeToString(), weights


def _weight_name(position):
    return f"weight_{position}"


def _input_shapes(network):
    """Return the shape of one row of each input; joint networks have several inputs."""
    return getattr(network, "input_shapes", None) or {_PIXELS: network.input_shape}


def _trace(model, network, weights):
    """Return the model as a TensorFlow function of its inputs and the large weights."""
    import tensorflow as tf

    keras = import_keras()
    shapes = _input_shapes(network)
    specs = [tf.TensorSpec((None, *shape), tf.float32, name) for name, shape in shapes.items()]
    specs += [tf.TensorSpec(array.shape, array.dtype, name) for name, array in weights.items()]

    @tf.function(input_signature=specs, autograph=False)
    def call(*tensors):
        inputs = dict(zip(shapes, tensors, strict=False))
        tensors = dict(zip(weights, tensors[len(shapes) :], strict=True))
        values = [
            (variable, tf.cast(tensors.get(_weight_name(position), array), variable.dtype))
            for position, (variable, array) in enumerate(
                zip(model.weights, network.weights, strict=True)
            )
        ]
        with keras.StatelessScope(values):
            return model(inputs.get(_PIXELS, inputs), training=False)

    return call.get_concrete_function()


def _freeze(function):
    """Return the graph of a TensorFlow function, with captured arrays as constants."""
    import tensorflow as tf

    captured = {placeholder.op.name: value for value, placeholder in function.graph.captures}
    graph_def = function.graph.as_graph_def()
    for node in graph_def.node:
        value = captured.get(node.name)
        if value is not None and value.dtype != tf.resource:
            tensor = tf.make_tensor_proto(value.numpy())
            node.op = "Const"
            node.attr.clear()
            node.attr["dtype"].type = tensor.dtype
            node.attr["value"].tensor.CopyFrom(tensor)
    return graph_def


def _inline_functions(graph_def, inputs, outputs):
    """Return a graph without calls of functions, with constant parts computed."""
    import tensorflow as tf
    from tf2onnx.tf_loader import tf_optimize

    for holder in (*graph_def.node, *graph_def.library.function):
        for name in _COMPILED:
            holder.attr.pop(name, None)
    with tf.device("/cpu:0"), tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        return tf_optimize(inputs, outputs, graph.as_graph_def(add_shapes=True))


def _convert(graph_def, inputs, outputs):
    """Convert a TensorFlow graph.

    tf2onnx's own optimizer is left out: it takes most of the time, and ONNX Runtime does the same
    when it loads the graph.
    """
    import tensorflow as tf
    from tf2onnx.tfonnx import process_tf_graph

    names = {tensor: tensor.partition(":")[0] for tensor in inputs}
    with tf.device("/cpu:0"), tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        converted = process_tf_graph(
            graph,
            input_names=inputs,
            output_names=outputs,
            tensors_to_rename={**names, outputs[0]: "features"},
            custom_op_handlers={"Erfc": (_convert_erfc, [])},
        )
        return converted.make_model("network")


def _convert_erfc(graph, node, name, arguments):
    """Replace the complementary error function, which ONNX doesn't have, with 1 - erf."""
    from tf2onnx.utils import make_name

    shape, dtype = graph.get_shape(node.output[0]), graph.get_dtype(node.output[0])
    erf = graph.make_node("Erf", node.input, shapes=[shape], dtypes=[dtype])
    one = graph.make_const(make_name("one"), np.ones((), dtype=np.float32))
    graph.remove_node(name)
    graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=node.output, name=name)


def _check_operations(proto):
    """Raise an error if tf2onnx left operations of TensorFlow in the graph."""
    import onnx

    unknown = {
        node.op_type
        for node in proto.graph.node
        if not node.domain and not onnx.defs.has(node.op_type)
    }
    if unknown:
        raise ValueError(f"ONNX has no operations for {', '.join(sorted(unknown))}.")


def _declare_weights(proto, kept, weights):
    """Turn the inputs for large weights into initializers whose values are stored elsewhere."""
    graph = proto.graph
    inputs = [value for value in graph.input if value.name in kept]
    del graph.input[:]
    graph.input.extend(inputs)
    for name, array in weights.items():
        declare_external(graph.initializer.add(), name, array)


@contextmanager
def _silenced_converter():
    """Hide what tf2onnx and TensorFlow report about names of their own."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
