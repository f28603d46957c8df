"""OnnxRuntime: networks computed by ONNX Runtime, without Keras."""

import os

from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks.runtimes._fixed_batches import run_in_parts
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
            height, width = network.input_shape[:2]
            raise ValueError(
                f"ONNX Runtime {onnxruntime.__version__} can't run the network {network.name!r} on "
                f"images of {height} x {width} pixels: {text:.400}"
            ) from error

    def run(self, model, batch):
        """Compute the outputs of one batch."""
        image_input = model.get_inputs()[0]
        size = image_input.shape[0]
        return run_in_parts(
            lambda part: model.run(None, {image_input.name: part})[0],
            batch,
            size if isinstance(size, int) else None,
        )
