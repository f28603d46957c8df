"""RunCache: where the training runs of one column find networks and features in a store."""

from dataclasses import dataclass
from typing import Any

from skfusion._utils.fingerprint import digest_text
from skfusion.extraction._column_extraction import ColumnExtraction
from skfusion.extraction._resizing import Resizing
from skfusion.networks._cut_info import cut_parts, find_cut_name
from skfusion.networks._lazy_network import LazyNetwork


@dataclass
class RunCache:
    """Find the networks and features of one column's training runs in a store.

    Parameters
    ----------
    extraction : ColumnExtraction
        Has the store, and the keys of features.

    conversion : Resizing
        How images are converted for the network.

    blank_key : str
        A digest of the network before training, and of how images reach it.

    cut : tuple (cut_layer, pooling, tta)
        How networks are cut.
    """

    extraction: ColumnExtraction
    conversion: Resizing
    blank_key: str
    cut: tuple[Any, ...]

    @property
    def store(self):
        """FeatureStore : The store."""
        return self.extraction.store

    def deferred_cut(self, network, run_key, cut, cuts):
        """Return the network, to be cut when more than its cached features are needed."""
        return self.deferred(
            lambda: cut(network),
            digest_text(run_key, *self.cut),
            network.input_shape,
            find_cut_name(cuts, self.cut[0]),
            token_parts=cut_parts(cuts, self.cut[0], self.cut[1]),
        )

    def deferred(self, build, fingerprint, input_shape, cut_name, width=None, token_parts=()):
        """Return a network that is built when more than its cached features are needed."""
        if width is None:
            width = self.store.width(self.extraction.cache_key(fingerprint, self.conversion))
        return LazyNetwork(
            build,
            fingerprint=fingerprint,
            input_shape=input_shape,
            width=width,
            cut_name=cut_name,
            token_parts=token_parts,
        )
