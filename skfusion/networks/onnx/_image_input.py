"""ImageInput: the input of an ONNX graph that takes images, as its file describes it."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from skfusion.networks.onnx._onnx_package import import_onnx

LAYOUTS = ("NCHW", "NHWC")
# Operators that keep the axes of their first input, between the input and the first convolution.
_ELEMENTWISE = {"Add", "Cast", "Clip", "Div", "Identity", "Mul", "Pad", "Sub"} | {
    "DequantizeLinear",
    "QuantizeLinear",
}
_CONVOLUTIONS = {"Conv": 1, "ConvInteger": 1, "QLinearConv": 3}  # and the position of the weights


@dataclass(frozen=True)
class ImageInput:
    """Describe the input for images.

    Parameters
    ----------
    name : str
        Its name.

    dtype : str
        "float32", "float16", "float64" or "uint8".

    layout : {"NCHW", "NHWC"}
        The order of its axes.

    channels : int
        1 or 3.

    size : tuple of (int or None)
        Height and width; None where the file takes any.

    batch : int or None
        The number of images that it takes at once; None for any.
    """

    name: str
    dtype: str
    layout: str
    channels: int
    size: tuple[Any, ...]
    batch: int | None


def find_image_input(graph, path, name=None, layout=None):
    """Find the input for images.

    Parameters
    ----------
    graph : OnnxGraph
        The graph.

    path : str
        The file, for messages.

    name : str or None, default=None
        Which input it is; None takes the only one that can be.

    layout : {"NCHW", "NHWC"} or None, default=None
        The order of its axes; None reads it from the file.

    Returns
    -------
    image_input : ImageInput
        The input.

    Raises
    ------
    ValueError
        If there is none, or several, or if the file leaves open which axis holds the channels.
    """
    onnx = import_onnx()
    if layout not in (*LAYOUTS, None):
        raise ValueError(f"'layout' must be 'NCHW' or 'NHWC'. Got {layout!r} instead.")
    value = _choose(graph, path, name)
    tensor_type = value.type.tensor_type
    sizes = [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None
        for dim in tensor_type.shape.dim
    ]
    layout, channels = _find_layout(graph, value.name, sizes, layout, path)
    size = sizes[2:] if layout == "NCHW" else sizes[1:3]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor_type.elem_type)
    return ImageInput(value.name, str(dtype), layout, channels, tuple(size), sizes[0])


def _choose(graph, path, name):
    possible = {each: value for each, value in graph.inputs.items() if _can_be_images(value)}
    if name is not None and name not in graph.inputs:
        raise ValueError(
            f"{path!r} has no input {name!r}; its inputs are {_describe_inputs(graph)}. Pass one "
            "of them in backbone_options={'input': ...}."
        )
    chosen = possible if name is None else {name: possible.get(name)}
    if len(chosen) == 1 and None not in chosen.values():
        return next(iter(chosen.values()))
    if not possible or name is not None:
        raise ValueError(
            f"{path!r} has no input for images: four axes of type float32, float16, float64 or "
            f"uint8 are needed, and its inputs are {_describe_inputs(graph)}."
        )
    raise ValueError(
        f"{path!r} has several inputs that can be images: {_describe_inputs(graph)}. Pass one of "
        "them in backbone_options={'input': ...}, and cut at a layer that depends on it alone."
    )


def _can_be_images(value):
    types = import_onnx().TensorProto
    allowed = (types.FLOAT, types.FLOAT16, types.DOUBLE, types.UINT8)
    tensor_type = value.type.tensor_type
    return tensor_type.elem_type in allowed and len(tensor_type.shape.dim) == 4


def _describe_inputs(graph):
    """Return the inputs with types and shapes, as text."""
    onnx = import_onnx()
    texts = []
    for name, value in graph.inputs.items():
        tensor_type = value.type.tensor_type
        dims = ", ".join(
            str(dim.dim_value or dim.dim_param or "?") for dim in tensor_type.shape.dim
        )
        kind = onnx.TensorProto.DataType.Name(tensor_type.elem_type).lower()
        texts.append(f"{name!r} ({kind}, [{dims}])")
    return ", ".join(texts) or "none"


def _find_layout(graph, name, sizes, declared, path):
    """Return the layout and the number of channels."""
    axis, channels = _of_first_convolution(graph, name)
    axes = {1: "NCHW", 3: "NHWC"}
    if declared is not None:
        layout = declared
    elif axis is not None:
        layout = axes.get(axis)
    else:
        found = [axes[i] for i in axes if sizes[i] in (1, 3)]
        layout = found[0] if len(found) == 1 else None
    if layout is not None:
        own = sizes[1 if layout == "NCHW" else 3]
        channels = channels if own is None else own
    if layout is None or channels is None:
        raise ValueError(
            f"The axes of the input {name!r} of {path!r} are {sizes}, and the file leaves open "
            "which of them holds the channels. Pass backbone_options={'layout': 'NCHW'} or 'NHWC', "
            "or export the network with a fixed number of channels."
        )
    if channels not in (1, 3):
        raise ValueError(
            f"The input {name!r} of {path!r} has {channels} channels. Images have 1 or 3."
        )
    return layout, channels


def _of_first_convolution(graph, name):
    """Return the axis and the number of channels by the first convolution that uses an input.

    Convolutions have their channels on axis 1, by ONNX's definition.

    Returns
    -------
    axis : int or None
        The axis of the input; None if it reaches no convolution on a plain way.

    channels : int or None
        The number of channels that its weights have.
    """
    users = {}
    for node in graph.nodes:
        for position, used in enumerate(node.input):
            users.setdefault(used, []).append((node, position))
    waiting = deque([(name, (0, 1, 2, 3))])
    while waiting:
        tensor, axes = waiting.popleft()  # which axis of the input each axis of the tensor is
        for node, position in users.get(tensor, []):
            if node.op_type in _CONVOLUTIONS and position == 0:
                return axes[1], _weight_channels(graph, node)
            if node.op_type == "Transpose":
                order = _permutation(node)
                waiting.append((node.output[0], tuple(axes[i] for i in order)))
            elif node.op_type in _ELEMENTWISE:
                waiting.append((node.output[0], axes))
    return None, None


def _permutation(node):
    orders = [list(each.ints) for each in node.attribute if each.name == "perm"]
    return orders[0] if orders and len(orders[0]) == 4 else [3, 2, 1, 0]


def _weight_channels(graph, node):
    """Return the number of channels that a convolution takes, if its weights are in the file."""
    dims = _constant_dims(graph, node.input[_CONVOLUTIONS[node.op_type]])
    if dims is None or len(dims) != 4:
        return None
    groups = [each.i for each in node.attribute if each.name == "group"]
    return dims[1] * (groups[0] if groups else 1)


def _constant_dims(graph, name):
    """Return the shape of weights, which may be stored in another type; None if it is unknown."""
    if name in graph.initializers:
        return list(graph.initializers[name].dims)
    position = graph.producers.get(name)
    if position is None:
        return None
    node = graph.nodes[position]
    if node.op_type == "Constant":
        return next((list(each.t.dims) for each in node.attribute if each.name == "value"), None)
    is_plain = node.op_type in {"Cast", "DequantizeLinear", "Identity"}
    return _constant_dims(graph, node.input[0]) if is_plain else None
