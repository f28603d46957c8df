"""BaseNetwork: the interface of all networks that estimators hold."""

from abc import ABC, abstractmethod

import numpy as np


class BaseNetwork(ABC):
    """Base class of networks, whatever they are stored as and whichever runtime computes them.

    Attributes
    ----------
    fingerprint : str
        A digest of all that changes the outputs.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    output_shape : tuple of int
        The shape of one image's output.

    cut_name : str
        The layer at which the network is cut.
    """

    # What a vector of pooled tokens holds, in its order: "cls", "mean", "max".
    token_parts: tuple[str, ...] = ()
    # Whether the first prediction in a process has to load something.
    needs_warm_up = True

    @property
    @abstractmethod
    def n_bytes(self):
        """int : The size of the weights."""

    @abstractmethod
    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed isn't changed."""

    @abstractmethod
    def compute(self, inputs, batch_size=32):
        """Compute the outputs of preprocessed inputs, batch by batch."""

    def with_preprocessing(self, preprocessing):
        """Return a copy whose images are preprocessed in another way."""
        raise ValueError(f"A {type(self).__name__} has its own preprocessing. Pass None.")

    def embed(self, pixels, batch_size=32):
        """Preprocess pixels of shape (n, height, width, channels) and compute their outputs."""
        return self.compute(self.prepare(pixels), batch_size)

    def warm_up(self, n_rows, batch_size=32):
        """Load the live model, and compile it for this many images."""
        self.embed(np.zeros((n_rows, *self.input_shape), dtype=np.uint8), batch_size)

    def resolve(self):
        """Return the network itself; a LazyNetwork returns the network that it builds."""
        return self
