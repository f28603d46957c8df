"""OnnxNetwork: a network that runs on ONNX Runtime, without Keras."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, ClassVar

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.networks._base_network import BaseNetwork
from skfusion.networks._image_preprocessing import ImagePreprocessing
from skfusion.networks._pooling import pool_array
from skfusion.networks._shared_array import share
from skfusion.networks.runtimes._onnx_runtime import OnnxRuntime
from skfusion.networks.runtimes._runtime import Runtime


@plain_data
@dataclass(eq=False, repr=False)
class OnnxNetwork(BaseNetwork):
    """A network as plain data: its ONNX graph and weights.

    Parameters
    ----------
    graph : ndarray of uint8
        The network in ONNX's format. It takes images with channels last.

    weights : dict of str to ndarray
        The values of the graph's external initializers, by name.

    preprocessing : ImagePreprocessing
        How pixels are preprocessed before they reach the graph.

    name, input_shape, output_shape, cut_name, top, flips, token_parts
        As in `Network`.

    pooling : str or None, default=None
        How feature maps or tokens that the graph returns become a vector; None flattens them.

    n_prefix_tokens : int or None, default=None
        The number of class and register tokens, where the graph returns tokens.

    channels_first : bool, default=False
        Whether feature maps that the graph returns have their channels first.

    origin : str or None, default=None
        The fingerprint of the network that the graph was converted from. The converter numbers
        nodes differently each time, so that the graph itself doesn't identify the outputs.
    """

    graph: np.ndarray
    weights: dict[str, Any]
    preprocessing: ImagePreprocessing
    name: str
    input_shape: tuple[Any, ...]
    output_shape: tuple[Any, ...]
    cut_name: str = "output"
    top: str | None = None
    flips: str | None = None
    token_parts: tuple[str, ...] = ()
    pooling: str | None = None
    n_prefix_tokens: int | None = None
    channels_first: bool = False
    origin: str | None = None

    runtime: ClassVar[Runtime] = OnnxRuntime()

    @classmethod
    def from_network(cls, network, graph, weights):
        """Return the ONNX form of a Network, which has its own layers for pooling.

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
            cut_name=network.cut_name,
            top=network.top,
            flips=network.flips,
            token_parts=network.token_parts,
            origin=network.fingerprint,
        )

    def replace(self, **changes):
        """Return a copy with other values of some parameters, such as ``preprocessing=...``.

        It shares the live model, unless the graph or the weights change.
        """
        copy = replace(self, **changes)
        if "_live" in vars(self) and copy.graph is self.graph and copy.weights is self.weights:
            vars(copy)["_live"] = vars(self)["_live"]
        return copy

    def with_preprocessing(self, preprocessing):
        """Return a copy whose images are preprocessed in another way."""
        return self.replace(preprocessing=preprocessing)

    @property
    def n_bytes(self):
        """int : The size of the graph and the weights."""
        return self.graph.nbytes + sum(array.nbytes for array in self.weights.values())

    @cached_property
    def fingerprint(self):
        """str : A digest of all that changes the outputs."""
        digest = blake2b(digest_size=16)
        facts = (
            type(self).__name__,
            self.preprocessing,
            self.flips,
            self.pooling,
            self.n_prefix_tokens,
            self.channels_first,
            self.origin,
        )
        digest.update(repr(facts).encode())
        if self.origin is not None:
            return digest.hexdigest()
        for name, array in {"": self.graph, **self.weights}.items():
            digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed isn't changed."""
        return self.preprocessing.apply(pixels)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of preprocessed inputs, batch by batch, and pool them."""
        outputs = self.runtime.compute(self, inputs, batch_size)
        layout = "channels_first" if self.channels_first else "channels_last"
        return pool_array(outputs, self.pooling, self.n_prefix_tokens, layout)

    def __getstate__(self):
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**state, "weights": {name: share(a) for name, a in self.weights.items()}}

    def __setstate__(self, state):
        weights = {name: array.values for name, array in state["weights"].items()}
        vars(self).update(state, weights=weights)
