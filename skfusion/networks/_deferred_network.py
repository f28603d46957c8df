"""DeferredNetwork: a network that is built only when somebody needs its weights."""

import threading
from functools import cached_property

from skfusion._utils.process_local import ProcessLocal


class DeferredNetwork:
    """Stands in for a Network whose features may all be in a store already.

    Everything that can be known without Keras is known; the rest builds the network. A pickle
    holds the network itself.

    Parameters
    ----------
    build : callable
        Gives the Network.

    fingerprint : str
        A digest of all that the network is made from.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    width : int or None, default=None
        The length of the output vector, where it is known.

    cut_name : str or None, default=None
        The layer at which the network is cut, where it is known.

    Examples
    --------
    >>> from skfusion.networks.backbones._building import build_cut
    >>> from skfusion.networks._deferred_network import DeferredNetwork
    >>> network = DeferredNetwork(
    ...     lambda: build_cut(
    ...         "small_cnn", cut_layer="dense", pooling=None, input_shape=(28, 28, 1)
    ...     ),
    ...     fingerprint="dense of small_cnn",
    ...     input_shape=(28, 28, 1),
    ... )
    >>> network.output_shape
    (256,)
    """

    def __init__(self, build, *, fingerprint, input_shape, width=None, cut_name=None):
        self._build = build
        self._width = width
        self._cut_name = cut_name
        self._lock = ProcessLocal(threading.Lock)
        self.fingerprint = fingerprint
        self.input_shape = input_shape

    @cached_property
    def network(self):
        """Network : The network, built now if it was not yet."""
        with self._lock.get():
            if "network" in vars(self):
                return vars(self)["network"]
            vars(self)["network"] = self._build()
        return vars(self)["network"]

    @property
    def output_shape(self):
        """Tuple of int : The shape of one image's output."""
        return self.network.output_shape if self._width is None else (self._width,)

    @property
    def cut_name(self):
        """str : The layer at which the network is cut."""
        return self.network.cut_name if self._cut_name is None else self._cut_name

    @property
    def config(self):
        """str : The architecture as Keras's JSON."""
        return self.network.config

    @property
    def weights(self):
        """List of ndarray : The weights."""
        return self.network.weights

    def prepare(self, pixels):
        """As `Network.prepare`."""
        return self.network.prepare(pixels)

    def compute(self, inputs, batch_size=32):
        """As `Network.compute`."""
        return self.network.compute(inputs, batch_size)

    def embed(self, pixels, batch_size=32):
        """As `Network.embed`."""
        return self.network.embed(pixels, batch_size)

    def _warm_up(self, n_rows, batch_size):
        """As `Network._warm_up`."""
        self.network._warm_up(n_rows, batch_size)

    def __reduce__(self):
        return _itself, (self.network,)


def _itself(network):
    return network
