"""with_runtime: a network in the form that a runtime computes."""

from skfusion._utils.messages import with_remedies
from skfusion._utils.saved_state import installed_version
from skfusion.networks._network import Network
from skfusion.networks.onnx._openvino_network import OpenVinoNetwork
from skfusion.networks.onnx._to_onnx_network import to_onnx_network

#: What the parameter `runtime` takes beside None, with the package of each that has a version of
#: its own.
RUNTIMES = {"keras": None, "onnx": "onnxruntime", "openvino": "openvino"}


def with_runtime(network, runtime):
    """Return a network in the form that a runtime computes.

    Parameters
    ----------
    network : BaseNetwork
        The network. It isn't changed.

    runtime : {"keras", "onnx", "openvino"} or None
        None leaves the network as it is.

    Returns
    -------
    network : BaseNetwork
        The network itself if it has that form.

    Raises
    ------
    ValueError
        If Keras is to compute an ONNX file, or if the network can't be converted.

    ExtraNotFoundError
        If a package isn't installed.
    """
    is_keras = isinstance(network, Network)
    if runtime is None or (runtime == "keras" and is_keras):
        return network
    if runtime == "keras":
        raise with_remedies(
            ValueError,
            f"Keras can't compute {network.name}, which is an ONNX file.",
            {"other runtime": "Pass runtime=None, 'onnx' or 'openvino'."},
        )
    if is_keras:
        network = to_onnx_network(network)
    return network if runtime == "onnx" else OpenVinoNetwork.from_onnx(network)


def runtime_key(runtime):
    """Return what features depend on by a runtime, without importing it."""
    package = RUNTIMES.get(runtime)
    return None if package is None else (runtime, installed_version(package))
