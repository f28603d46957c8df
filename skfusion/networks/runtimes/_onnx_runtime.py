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
                f"The network {network.name!r} is computed by ONNX Runtime, which is not "
                "installed: pip install 'skfusion[onnx]'."
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0))  # 0: all cores
        options.log_severity_level = 4  # what goes wrong is an exception, too
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in network.weights.values()]
        options.add_external_initializers(list(network.weights), values)
        try:
            return onnxruntime.InferenceSession(
                network.graph.tobytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions have no common base class
            text = " ".join(str(error).split())
            raise ValueError(
                f"ONNX Runtime {onnxruntime.__version__} can't run the network {network.name!r}: "
                f"{text:.400}"
            ) from error

    def run(self, model, batch):
        """Compute the outputs of one batch; a graph may take a fixed number of images at once."""
        image_input = model.get_inputs()[0]
        size = image_input.shape[0]
        if not isinstance(size, int):
            size = len(batch)
        outputs = [
            model.run(None, {image_input.name: filled(batch[start : start + size], size)})[0]
            for start in range(0, len(batch), size)
        ]
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)[: len(batch)]


def filled(batch, size):
    """Return a batch in one piece of memory, with images of 0 up to a size."""
    missing = size - len(batch)
    if missing:
        batch = np.concatenate([batch, np.zeros((missing, *batch.shape[1:]), batch.dtype)])
    return np.ascontiguousarray(batch)
