"""NetworkCache: the networks that were built last, so that equal requests share one."""

import threading
from collections import OrderedDict

_MAX_NETWORKS = 8
_MAX_BYTES = 2**29


class NetworkCache:
    """Keep the last few networks, as long as they are not too large together.

    The last one is kept whatever its size, because the folds of a cross-validation request it
    again.

    Parameters
    ----------
    max_networks : int, default=8
        The most networks to keep.

    max_bytes : int, default=2**29
        The most bytes that their weights may have together.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from skfusion.networks.backbones._network_cache import NetworkCache
    >>> cache = NetworkCache(max_bytes=100)
    >>> cache.get_or_build("small", lambda: SimpleNamespace(n_bytes=60)).n_bytes
    60
    >>> cache.get_or_build("small", lambda: SimpleNamespace(n_bytes=61)).n_bytes
    60
    >>> cache.get_or_build("large", lambda: SimpleNamespace(n_bytes=200)).n_bytes
    200
    >>> cache.get_or_build("small", lambda: SimpleNamespace(n_bytes=61)).n_bytes
    61
    """

    def __init__(self, max_networks=_MAX_NETWORKS, max_bytes=_MAX_BYTES):
        self._max_networks = max_networks
        self._max_bytes = max_bytes
        self._networks = OrderedDict()
        self._lock = threading.Lock()

    def get_or_build(self, key, build):
        """Return the network of a key; threads that build it at the same time get the same."""
        with self._lock:
            if key in self._networks:
                self._networks.move_to_end(key)
                return self._networks[key]
        network = build()
        with self._lock:
            network = self._networks.setdefault(key, network)
            self._networks.move_to_end(key)
            while len(self._networks) > 1 and self._is_full():
                self._networks.popitem(last=False)
        return network

    def clear(self):
        """Remove all networks."""
        with self._lock:
            self._networks.clear()

    def _is_full(self):
        n_bytes = sum(network.n_bytes for network in self._networks.values())
        return len(self._networks) > self._max_networks or n_bytes > self._max_bytes
