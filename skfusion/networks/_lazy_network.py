"""LazyNetwork: a network that is built when its weights are first needed."""

import threading

from skfusion._utils.process_local import ProcessLocal
from skfusion.networks._base_network import BaseNetwork


class LazyNetwork(BaseNetwork):
    """Delay building a network whose features may all be cached.

    The fingerprint and the shapes are available without Keras; anything else builds the network.
    A pickle holds the network that was built.

    Parameters
    ----------
    build : callable
        Function without arguments that returns the Network.

    fingerprint : str
        A digest of all that the network is made from.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    width : int or None, default=None
        The length of the output vector; None builds the network to find it.

    cut_name : str or None, default=None
        The layer at which the network is cut; None builds the network to find it.

    token_parts : tuple of str, default=()
        What a vector of pooled tokens holds, as in `Network`.

    Examples
    --------
    >>> from skfusion.networks.backbones._building import build_cut
    >>> from skfusion.networks._lazy_network import LazyNetwork
    >>> network = LazyNetwork(
    ...     lambda: build_cut(
    ...         "small_cnn", cut_layer="dense", pooling=None, input_shape=(28, 28, 1)
    ...     ),
    ...     fingerprint="dense of small_cnn",
    ...     input_shape=(28, 28, 1),
    ... )
    >>> network.output_shape
    (256,)
    """

    def __init__(
        self, build, *, fingerprint, input_shape, width=None, cut_name=None, token_parts=()
    ):
        self._build = build
        self._width = width
        self._cut_name = cut_name
        self._network = None
        self._lock = ProcessLocal(threading.Lock)
        self.fingerprint = fingerprint
        self.input_shape = input_shape
        self.token_parts = token_parts

    def resolve(self):
        """Return the network; build it if it wasn't built yet."""
        if self._network is None:
            with self._lock.get():
                if self._network is None:
                    self._network = self._build()
        return self._network

    @property
    def has_width(self):
        """bool : Whether the length of the output vector is known without building the network."""
        return self._width is not None

    @property
    def output_shape(self):
        """Tuple of int : The shape of one image's output."""
        return self.resolve().output_shape if self._width is None else (self._width,)

    @property
    def cut_name(self):
        """str : The layer at which the network is cut."""
        return self.resolve().cut_name if self._cut_name is None else self._cut_name

    @property
    def n_bytes(self):
        """int : The size of the weights."""
        return self.resolve().n_bytes

    @property
    def config(self):
        """str : The architecture as Keras's JSON."""
        return self.resolve().config

    @property
    def weights(self):
        """List of ndarray : The weights."""
        return self.resolve().weights

    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed isn't changed."""
        return self.resolve().prepare(pixels)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of preprocessed inputs, batch by batch."""
        return self.resolve().compute(inputs, batch_size)

    def __reduce__(self):
        return _return_network, (self.resolve(),)


def _return_network(network):
    """Return the network that a pickled LazyNetwork holds."""
    return network
