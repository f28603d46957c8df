"""OnnxNetwork: a network that runs on ONNX Runtime, without Keras."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skfusion.networks._base_network import BaseNetwork
from skfusion.networks._image_preprocessing import ImagePreprocessing
from skfusion.networks._shared_array import share
from skfusion.networks.runtimes._onnx_runtime import OnnxRuntime


@dataclass(eq=False, repr=False)
class OnnxNetwork(BaseNetwork):
    """A network as plain data: its ONNX graph and weights.

    Parameters
    ----------
    graph : ndarray of uint8
        The network in ONNX's format.

    weights : dict of str to ndarray
        The values of the graph's external initializers, by name.

    preprocessing : ImagePreprocessing
        How pixels are preprocessed before they reach the graph.

    name, input_shape, output_shape, cut_name, top, flips
        As in `Network`.

    fingerprint : str
        A digest of all that changes the outputs.
    """

    graph: np.ndarray
    weights: dict[str, Any]
    preprocessing: ImagePreprocessing
    name: str
    input_shape: tuple[Any, ...]
    output_shape: tuple[Any, ...]
    fingerprint: str
    cut_name: str = "output"
    top: str | None = None
    flips: str | None = None

    runtime = OnnxRuntime()

    @classmethod
    def from_network(cls, network, graph, weights):
        """Return the ONNX form of a Network.

        Parameters
        ----------
        network : Network
            The network.

        graph : bytes
            The same network in ONNX's format.

        weights : dict of str to ndarray
            The values of the graph's external initializers, by name.

        Returns
        -------
        network : OnnxNetwork
            Its outputs differ in their last digits, and so does its fingerprint.
        """
        return cls(
            np.frombuffer(graph, dtype=np.uint8),
            weights,
            network.preprocessing,
            network.name,
            network.input_shape,
            network.output_shape,
            fingerprint=f"onnx {network.fingerprint}",
            cut_name=network.cut_name,
            top=network.top,
            flips=network.flips,
        )

    @property
    def n_bytes(self):
        """int : The size of the graph and the weights."""
        return self.graph.nbytes + sum(array.nbytes for array in self.weights.values())

    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed isn't changed."""
        return self.preprocessing.apply(pixels)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of preprocessed inputs, batch by batch."""
        return self.runtime.compute(self, inputs, batch_size)

    def __getstate__(self):
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**state, "weights": {name: share(a) for name, a in self.weights.items()}}

    def __setstate__(self, state):
        weights = {name: array.values for name, array in state["weights"].items()}
        vars(self).update(state, weights=weights)
