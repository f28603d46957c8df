"""list_cuts: the tensors of an ONNX graph that can be features, with their shapes."""

import numpy as np

from skfusion.networks.onnx._onnx_package import LARGEST_CONSTANT, import_onnx

# Cuts are listed for this number of images, so that their axis is found among those of a tensor.
_N_IMAGES = 3


def list_cuts(model, graph, image_input, size):
    """List the tensors that can be features, with their shapes.

    Parameters
    ----------
    model : onnx.ModelProto
        The network.

    graph : OnnxGraph
        Its graph.

    image_input : ImageInput
        The input for images.

    size : tuple of (int or None)
        Height and width of the images; None where they are open.

    Returns
    -------
    shapes : dict of str to tuple of (int or None)
        For each vector, sequence of tokens and feature map that depends on the images alone, the
        shape of one image's values, in the order of the network.
    """
    types = import_onnx().TensorProto
    floats = {types.FLOAT, types.FLOAT16, types.DOUBLE, types.BFLOAT16}
    n_images = image_input.batch or _N_IMAGES
    inferred = _infer_types(model, image_input, (n_images, *size))
    image, shapes = frozenset([image_input.name]), {}
    for name, tensor in graph.cut_names.items():
        tensor_type = inferred.get(tensor)
        if graph.roots[tensor] != image or tensor_type is None:
            continue
        dims = [dim.dim_value or None for dim in tensor_type.shape.dim]
        is_batch = 2 <= len(dims) <= 4 and dims[0] == n_images
        if is_batch and tensor_type.elem_type in floats:
            shapes[name] = tuple(dims[1:])
    return shapes


def _infer_types(model, image_input, sizes):
    """Return the types of all tensors for images of this size, where they can be inferred."""
    onnx = import_onnx()
    light = onnx.ModelProto()
    light.CopyFrom(model)
    del light.graph.value_info[:]
    for tensor in light.graph.initializer:
        if np.prod(tensor.dims, dtype=np.int64) > LARGEST_CONSTANT:  # no shape of anything
            for values in ("raw_data", "float_data", "double_data", "int32_data", "int64_data"):
                tensor.ClearField(values)
    n_images, height, width = sizes
    shape = (
        [n_images, image_input.channels, height, width]
        if image_input.layout == "NCHW"
        else [n_images, height, width, image_input.channels]
    )
    value = next(each for each in light.graph.input if each.name == image_input.name)
    elem_type = value.type.tensor_type.elem_type
    value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, elem_type, shape))
    for output in light.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(light, data_prop=True).graph
    values = (*inferred.value_info, *inferred.output)
    return {each.name: each.type.tensor_type for each in values}
