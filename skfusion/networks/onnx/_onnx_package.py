"""The package onnx, imported on first use."""

from skfusion.exceptions import ExtraNotFoundError

# Larger arrays stay outside of a graph. Small ones, such as biases and shapes, are part of it,
# because ONNX Runtime and the converter need the values of some.
LARGEST_CONSTANT = 4096


def import_onnx():
    """Import onnx; raise ExtraNotFoundError if it isn't installed."""
    try:
        import onnx
    except ImportError as error:
        raise ExtraNotFoundError(
            f"ONNX files are read by the package onnx, which could not be imported ({error}): "
            "pip install 'skfusion[onnx]'."
        ) from error
    return onnx


def declare_external(tensor, name, array):
    """Turn a TensorProto into one whose values are stored elsewhere.

    Parameters
    ----------
    tensor : onnx.TensorProto
        Is changed.

    name : str
        The name of the weights.

    array : ndarray
        The weights.
    """
    onnx = import_onnx()
    tensor.Clear()
    tensor.name = name
    tensor.dims.extend(array.shape)
    tensor.data_type = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights")
