"""Networks inside of fitted models: find them, and copy a model with others in their place."""

import copy
from collections import deque
from numbers import Integral

from skfusion._utils.object_graph import LEAVES, list_parts
from skfusion.networks._base_network import BaseNetwork
from skfusion.store._feature_store import FeatureStore

_BATCH_SIZE = 32


def find_networks(model):
    """Find the networks in a model, however deeply they are nested.

    Parameters
    ----------
    model : object
        An estimator, a pipeline, a search, or any object that holds them in attributes, lists,
        dicts, arrays, partial functions or bound methods.

    Returns
    -------
    networks : list of (BaseNetwork, int)
        Each network once, with the batch size of the estimator that holds it, or 32.
    """
    found, seen, waiting = [], {}, deque([(model, _BATCH_SIZE)])
    while waiting:
        item, batch_size = waiting.popleft()
        if id(item) in seen or isinstance(item, (*LEAVES, FeatureStore)):
            continue
        seen[id(item)] = item  # a reference, so that no later object gets the same id
        if isinstance(item, BaseNetwork):
            found.append((item, batch_size))
            continue
        parts = list_parts(item)
        own = getattr(item, "batch_size", None) if parts else None
        batch_size = own if isinstance(own, Integral) else batch_size
        waiting.extend((part, batch_size) for part in parts)
    return found


def replace_networks(model, change):
    """Copy a model, with each of its networks changed.

    Parameters
    ----------
    model : object
        As in `find_networks`. It isn't changed.

    change : callable
        Function of a network that returns its replacement. It is called once for each network.

    Returns
    -------
    copy : object
        A deep copy that holds the replacements.
    """
    replacements = {}
    for network, _ in find_networks(model):
        resolved = network.resolve()
        if id(resolved) not in replacements:
            replacements[id(resolved)] = change(resolved)
        replacements[id(network)] = replacements[id(resolved)]
    return copy.deepcopy(model, replacements)
