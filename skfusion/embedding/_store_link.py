"""StoreLink: a store, and what one column of pictures is called in it."""

from collections.abc import Callable
from dataclasses import dataclass

from skfusion.networks._deferred import DeferredNetwork
from skfusion.store._stored_rows import digest_text


@dataclass
class StoreLink:
    """What a training run needs to find networks and rows in a store.

    Parameters
    ----------
    store : FeatureStore
        The store.

    digests : list of (bytes or None)
        The digest of each distinct picture of the column.

    blank_key : str
        A digest of the network before training, and of how pictures reach it.

    row_key : callable
        From the fingerprint of a cut network to the key of its rows.

    cut_layer : str, int or None
        Where networks are cut.

    pooling : str or None
        How feature maps become a vector.
    """

    store: object
    digests: list
    blank_key: str
    row_key: Callable
    cut_layer: object
    pooling: object

    def deferred_cut(self, network, run_key, cut):
        """The network, to be cut when somebody needs more than its stored rows."""
        fingerprint = digest_text(run_key, self.cut_layer, self.pooling)
        names = {str: self.cut_layer, type(None): "output"}
        return DeferredNetwork(
            lambda: cut(network),
            fingerprint=fingerprint,
            input_shape=network.input_shape,
            width=self.store.width(self.row_key(fingerprint)),
            cut_name=names.get(type(self.cut_layer)),
        )
