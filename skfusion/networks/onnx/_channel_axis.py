"""The axis of a tensor of an ONNX graph that holds the channels of feature maps."""

# ONNX defines that these have their channels on axis 1.
_CHANNELS_FIRST = {
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "DepthToSpace",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "GroupNormalization",
    "InstanceNormalization",
    "LRN",
    "LpPool",
    "MaxPool",
    "QLinearConv",
    "SpaceToDepth",
}
# The last axis is the one that is multiplied with weights, or normalized.
_CHANNELS_LAST = {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"}
# These change no axis of their inputs.
_ELEMENTWISE = {
    "Abs",
    "Add",
    "BiasGelu",
    "Cast",
    "Celu",
    "Clip",
    "Concat",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "Elu",
    "Erf",
    "Exp",
    "FastGelu",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Log",
    "Max",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "PRelu",
    "Pad",
    "Pow",
    "QuantizeLinear",
    "QuickGelu",
    "Reciprocal",
    "Relu",
    "Resize",
    "Selu",
    "Sigmoid",
    "Slice",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Sub",
    "Sum",
    "Swish",
    "Tanh",
    "ThresholdedRelu",
    "Upsample",
}


def find_channel_axis(graph, tensor, image_input):
    """Find the channels of feature maps by the operators that computed them.

    Parameters
    ----------
    graph : OnnxGraph
        The graph.

    tensor : str
        A tensor with four axes.

    image_input : ImageInput
        The input for images.

    Returns
    -------
    axis : int or None
        1 or 3; None if the operators leave it open.
    """
    axes = {image_input.name: 1 if image_input.layout == "NCHW" else 3}
    for position in graph.needed_nodes(tensor):
        node = graph.nodes[position]
        axis = _output_axis(node, axes, graph)
        if axis is not None:
            axes.update(dict.fromkeys(node.output, axis))
    axis = axes.get(tensor)
    return axis if axis in (1, 3) else None


def _output_axis(node, axes, graph):
    """Return the axis of the channels of a node's output, given those of other tensors."""
    if node.op_type in _CHANNELS_FIRST:
        return 1
    if node.op_type in _CHANNELS_LAST:
        return 3
    if node.op_type == "MatMul" and node.input[1] in graph.initializers:
        return 3
    known = [axes[name] for name in node.input if name in axes]
    if node.op_type == "Transpose" and known:
        order = next((list(each.ints) for each in node.attribute if each.name == "perm"), None)
        return order.index(known[0]) if order and known[0] in order else None
    if node.op_type in _ELEMENTWISE and known:
        return known[0] if len(set(known)) == 1 else None
    return None
