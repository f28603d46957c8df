"""NetworkExtractor: the outputs of a network as features."""

from skfusion._utils.feature_names import IndexedNames
from skfusion.extraction._extractor import Extractor


class NetworkExtractor(Extractor):
    """Compute the outputs of a network.

    Parameters
    ----------
    network : Network
        The network, cut where its output is a vector.

    label : str
        Begins the feature names.

    conversion : Resizing
        Brings the images to the network's input shape.

    batch_size : int
        The number of images that are computed at once.

    cached : bool
        Whether features are kept in a cache: the network's fingerprint is needed then.
    """

    def __init__(self, network, label, conversion, *, batch_size, cached):
        fingerprint = network.fingerprint if cached else None
        super().__init__(_names(label, network), conversion, fingerprint)
        self.network = network
        self.batch_size = batch_size

    def collate(self, images):
        """Join and preprocess images; called in a thread."""
        return self.network.prepare(images)

    def compute(self, batch):
        """Compute the network's outputs for a preprocessed batch."""
        return self.network.compute(batch, self.batch_size)


def _names(label, network):
    """Return the names of a network's features; those of tokens name what was pooled."""
    width, parts = network.output_shape[0], network.token_parts
    if not parts:
        return IndexedNames(label, width)
    n_each = width // len(parts)
    return [name for part in parts for name in IndexedNames(f"{label}_{part}", n_each)]


def with_built_networks(state):
    """Return the state of an embedder whose networks are built: a pickle holds all of them."""
    if "networks_" not in state:
        return state
    return {**state, "networks_": [network.resolve() for network in state["networks_"]]}
