"""to_onnx_network: a Keras network in the form that ONNX Runtime computes."""

from importlib.util import find_spec

from skfusion.exceptions import BackendNotFoundError, ExtraNotFoundError
from skfusion.networks.onnx._onnx_export import export_onnx
from skfusion.networks.onnx._onnx_network import OnnxNetwork
from skfusion.networks.runtimes._keras import import_keras


def check_converter():
    """Raise ExtraNotFoundError if tf2onnx is not installed."""
    if find_spec("tf2onnx") is None:
        raise ExtraNotFoundError(
            "Networks are converted to ONNX by tf2onnx, which is not installed: "
            "pip install 'skfusion[onnx-export]'."
        )


def to_onnx_network(network):
    """Convert a network of Keras.

    Parameters
    ----------
    network : Network
        The network. It isn't changed.

    Returns
    -------
    network : OnnxNetwork
        Its outputs differ in their last digits.

    Raises
    ------
    ExtraNotFoundError
        If tf2onnx is not installed.

    BackendNotFoundError
        If Keras runs on another backend than TensorFlow.

    ValueError
        If the network has an operation that ONNX doesn't have.
    """
    check_converter()
    _check_backend()
    try:
        graph, weights = export_onnx(network)
    except Exception as error:
        text = " ".join(str(error).split())
        raise ValueError(
            f"The network {network.name!r} can't be converted to ONNX: {text:.400}"
        ) from error
    return OnnxNetwork.from_network(network, graph, weights)


def _check_backend():
    """Raise an error unless Keras runs on TensorFlow, which traces the networks."""
    backend = import_keras().backend.backend()
    if backend != "tensorflow":
        raise BackendNotFoundError(
            "A network is converted to ONNX by Keras with TensorFlow, and Keras runs on "
            f"{backend!r} in this process. Save the model, and convert it with skfusion.to_onnx in "
            "a process with KERAS_BACKEND=tensorflow."
        )
