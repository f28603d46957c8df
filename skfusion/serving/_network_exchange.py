"""A copy of a fitted model with other networks in it."""

import io
import pickle

from skfusion.networks._lazy_network import LazyNetwork
from skfusion.networks._network import Network


def replace_networks(model, change):
    """Copy a model, whatever it is made of, with each of its networks changed.

    Parameters
    ----------
    model : object
        Anything that can be pickled: an estimator, a pipeline, a search.

    change : callable
        From a Network to what stands in its place; called once for each.

    Returns
    -------
    copy : object
        It shares nothing with `model` but what `change` lets it.
    """
    buffer = io.BytesIO()
    writer = _Writer(buffer)
    writer.dump(model)
    buffer.seek(0)
    changed = {key: change(network) for key, network in writer.networks.items()}
    return _Reader(buffer, changed).load()


class _Writer(pickle.Pickler):
    """Writes all but the networks."""

    def __init__(self, file):
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.networks = {}

    def persistent_id(self, item):
        """The number of a network; None for anything else, which is written."""
        if not isinstance(item, (Network, LazyNetwork)):
            return None
        network = item.resolve()
        self.networks[id(network)] = network
        return id(network)


class _Reader(pickle.Unpickler):
    """Reads what a `_Writer` wrote, with other networks."""

    def __init__(self, file, networks):
        super().__init__(file)
        self.networks = networks

    def persistent_load(self, key):
        """The network with this number."""
        return self.networks[key]
