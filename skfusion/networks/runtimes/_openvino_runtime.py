"""OpenVinoRuntime: networks computed by OpenVINO, without Keras."""

import os

from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks.runtimes._fixed_batches import run_in_parts
from skfusion.networks.runtimes._runtime import Runtime


def import_openvino(name):
    """Import OpenVINO; raise ExtraNotFoundError, with the network's name, if it isn't installed."""
    try:
        import openvino
    except ImportError as error:
        raise ExtraNotFoundError(
            f"The network {name!r} is computed by OpenVINO, which could not be imported "
            f"({error}): pip install 'skfusion[openvino]'."
        ) from error
    return openvino


class OpenVinoRuntime(Runtime):
    """Compute networks that are stored in OpenVINO's format.

    Parameters
    ----------
    precision : {"f32", "bf16"}, default="f32"
        The type of numbers in the network. By itself, OpenVINO computes with 16 bits where the
        processor has such operations.
    """

    def __init__(self, precision="f32"):
        self.precision = precision

    def load(self, network):
        """Compile the network; the environment variable ``OMP_NUM_THREADS`` limits its threads."""
        core = import_openvino(network.name).Core()
        options = {"INFERENCE_PRECISION_HINT": self.precision}
        if os.environ.get("OMP_NUM_THREADS"):
            options["INFERENCE_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
        model = core.read_model(network.graph.tobytes(), network.weights["weights"].tobytes())
        return core.compile_model(model, "CPU", options)

    def run(self, model, batch):
        """Compute the outputs of one batch, in a request of its own, which threads don't share."""
        images = model.input(0).partial_shape[0]
        return run_in_parts(
            lambda part: model.infer_new_request([part])[0],
            batch,
            images.get_length() if images.is_static else None,
        )
