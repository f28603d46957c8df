"""OnnxRuntime: networks computed by ONNX Runtime, without Keras."""

import os

import numpy as np

from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks.runtimes._runtime import Runtime


class OnnxRuntime(Runtime):
    """Compute networks that are stored as an ONNX graph."""

    def load(self, network):
        """Start a session; the environment variable ``OMP_NUM_THREADS`` limits its threads."""
        try:
            import onnxruntime
        except ImportError as error:
            raise ExtraNotFoundError(
                f"The network {network.name!r} was converted to ONNX, and ONNX Runtime is not "
                "installed: pip install 'skfusion[onnx]'."
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0))  # 0: all cores
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in network.weights.values()]
        options.add_external_initializers(list(network.weights), values)
        return onnxruntime.InferenceSession(
            network.graph.tobytes(), options, providers=["CPUExecutionProvider"]
        )

    def run(self, model, batch):
        """Compute the outputs of one batch."""
        name = model.get_inputs()[0].name
        return model.run(None, {name: np.ascontiguousarray(batch)})[0]
