"""Runtime: the interface of the libraries that compute a network's outputs."""

import threading
from abc import ABC, abstractmethod

import numpy as np

from skfusion._utils.process_local import ProcessLocal

# Creates the ProcessLocal of a network; models load and compute side by side.
_CREATING = ProcessLocal(threading.Lock)


class Runtime(ABC):
    """Base class of runtimes.

    A network is plain data. A runtime loads it as a live model: once in each process, on first
    use. A live model is never pickled and never inherited through a fork.
    """

    # Whether the library compiles each batch shape again. Batches are then padded to few shapes.
    compiles_batch_shapes = False

    @abstractmethod
    def load(self, network):
        """Load a network as a live model.

        Parameters
        ----------
        network : BaseNetwork
            The network, in the form that this runtime reads.

        Returns
        -------
        model : object
            The live model.
        """

    @abstractmethod
    def run(self, model, batch):
        """Compute the outputs of one batch.

        Parameters
        ----------
        model : object
            A live model, from `load`.

        batch : ndarray of float32, shape (n, height, width, channels)
            Preprocessed images.

        Returns
        -------
        outputs : ndarray of shape (n, ...)
            One output for each image.
        """

    def live_model(self, network):
        """Return the live model of a network in this process; load it if there is none."""
        live = vars(network).get("_live")
        if live is None:
            with _CREATING.get():
                live = vars(network).setdefault("_live", ProcessLocal(self.load))
        return live.get(network)

    def loaded_model(self, network):
        """Return the live model of a network in this process, or None."""
        live = vars(network).get("_live")
        return None if live is None else live.get_if_built()

    def compute(self, network, inputs, batch_size):
        """Compute the outputs of preprocessed inputs, batch by batch.

        Parameters
        ----------
        network : BaseNetwork
            A network with an attribute `flips`.

        inputs : ndarray of float32, shape (n, height, width, channels)
            Preprocessed images.

        batch_size : int
            The most images in a batch.

        Returns
        -------
        outputs : ndarray of shape (n, ...)
            One output for each image.
        """
        model = self.live_model(network)
        outputs = []
        for start in range(0, len(inputs), batch_size):
            batch = inputs[start : start + batch_size]
            n_rows = len(batch)
            if self.compiles_batch_shapes:
                batch = _pad(batch, padded_length(n_rows, batch_size))
            views = [self.run(model, view) for view in _flipped_views(batch, network.flips)]
            output = views[0] if len(views) == 1 else np.mean(views, axis=0)
            outputs.append(output[:n_rows])
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)


def _flipped_views(batch, flips):
    """Return a batch of shape (n, height, width, channels), and its mirror images."""
    views = [batch]
    if flips is not None:
        views.append(batch[:, :, ::-1])
    if flips == "both":
        views += [view[:, ::-1] for view in views]
    return views


def padded_length(length, batch_size):
    """Return the next power of two, at most `batch_size`."""
    return min(batch_size, 1 << (length - 1).bit_length())


def _pad(batch, length):
    if len(batch) == length:
        return batch
    padding = np.zeros((length - len(batch), *batch.shape[1:]), dtype=batch.dtype)
    return np.concatenate([batch, padding])
