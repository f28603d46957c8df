"""RunCache: a store, and what one column of images is called in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skfusion._utils.fingerprint import digest_text
from skfusion.networks._cut_info import named_cut
from skfusion.networks._deferred_network import DeferredNetwork


@dataclass
class RunCache:
    """What a training run needs to find networks and rows in a store.

    Parameters
    ----------
    store : FeatureStore
        The store.

    digests : list of (bytes or None)
        The digest of each distinct image of the column.

    blank_key : str
        A digest of the network before training, and of how images reach it.

    row_key : callable
        From the fingerprint of a cut network to the key of its rows.

    cut : tuple (cut_layer, pooling, flips)
        How networks are cut.
    """

    store: object
    digests: list[Any]
    blank_key: str
    row_key: Callable[..., Any]
    cut: tuple[Any, ...]

    def deferred_cut(self, network, run_key, cut, cuts):
        """The network, to be cut when somebody needs more than its stored rows."""
        return self.deferred(
            lambda: cut(network),
            digest_text(run_key, *self.cut),
            network.input_shape,
            named_cut(cuts, self.cut[0]),
        )

    def deferred(self, build, fingerprint, input_shape, cut_name, width=None):
        """A cut network that is built when somebody needs more than its stored rows."""
        if width is None:
            width = self.store.width(self.row_key(fingerprint))
        return DeferredNetwork(
            build,
            fingerprint=fingerprint,
            input_shape=input_shape,
            width=width,
            cut_name=cut_name,
        )
