"""OnnxNetwork: a network that runs on ONNX Runtime, without Keras."""

import os

import numpy as np

from skfusion._utils.process_local import ProcessLocal
from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks._network import batch_views


class OnnxNetwork:
    """Takes the place of a Network; `to_onnx` makes it.

    Parameters
    ----------
    graph : bytes
        The network in ONNX's format.

    pixels : PixelMap
        What pixels pass before the network.

    facts : dict
        `name`, `input_shape`, `output_shape`, `cut_name`, `flips`, `top` and `fingerprint`, as in
        `Network`.
    """

    def __init__(self, graph, pixels, facts):
        self.graph = np.frombuffer(graph, dtype=np.uint8)
        self.pixels = pixels
        vars(self).update(facts)

    @property
    def network(self):
        """OnnxNetwork : Itself, as of a Network."""
        return self

    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed stays as it is."""
        return self.pixels.apply(np.asarray(pixels, dtype=np.float32))

    def embed(self, pixels, batch_size=32):
        """Preprocess pixels of shape (n, height, width, channels) and compute their outputs."""
        return self.compute(self.prepare(pixels), batch_size)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of prepared inputs, batch by batch."""
        session = self._awake()
        name = session.get_inputs()[0].name
        outputs = []
        for start in range(0, len(inputs), batch_size):
            batch = inputs[start : start + batch_size]
            views = [
                session.run(None, {name: np.ascontiguousarray(view)})[0]
                for view in batch_views(batch, self.flips)
            ]
            outputs.append(views[0] if len(views) == 1 else np.mean(views, axis=0))
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def _warm_up(self, n_rows, batch_size):
        """Start the session, and let it compute; see `skfusion.warm_up`."""
        self.embed(np.zeros((n_rows, *self.input_shape), dtype=np.uint8), batch_size)

    def _awake(self):
        """Return the session of this process."""
        live = vars(self).setdefault("_live", ProcessLocal(_make_session))
        return live.get(self.graph)

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_live"}


class PixelMap:
    """What a network's preprocessing does to a pixel: channels change places, are scaled, shifted.

    Parameters
    ----------
    order : list of int
        Where each channel comes from.

    scale, shift : list of float
        What each is multiplied by, and what is added.
    """

    def __init__(self, order, scale, shift):
        self.order = order
        self.scale = scale
        self.shift = shift

    @classmethod
    def of(cls, network):
        """Find out what a Network's `prepare` does."""
        n_channels = network.input_shape[-1]
        black = network.prepare(np.zeros((1, 1, 1, n_channels)))[0, 0, 0]
        lit = network.prepare(255.0 * np.eye(n_channels)[:, np.newaxis, np.newaxis])[:, 0, 0]
        slopes = (lit - black) / 255.0
        order = np.abs(slopes).argmax(axis=0)
        scale = slopes[order, np.arange(n_channels)]
        found = cls(order.tolist(), scale.tolist(), black.tolist())
        some = np.random.default_rng(0).integers(0, 256, (1, 8, 8, n_channels)).astype(np.float32)
        if not np.allclose(found.apply(some), network.prepare(some), atol=1e-4):
            raise ValueError(
                f"The preprocessing of {network.name!r} can't be brought to ONNX: it is not one "
                "factor and one offset a channel."
            )
        return found

    def apply(self, pixels):
        """Prepared pixels, of shape (n, height, width, channels)."""
        scale, shift = (np.array(part, dtype=np.float32) for part in (self.scale, self.shift))
        return pixels[..., self.order] * scale + shift


def _make_session(graph):
    try:
        import onnxruntime
    except ImportError as error:
        raise ExtraNotFoundError(
            "This model was brought to ONNX, and ONNX Runtime is not installed: "
            "pip install 'skfusion[onnx]'."
        ) from error
    options = onnxruntime.SessionOptions()
    # The wish that most libraries follow; 0 stands for all cores.
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0))
    graph, providers = graph.tobytes(), ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(graph, options, providers=providers)
