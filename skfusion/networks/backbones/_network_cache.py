"""NetworkCache: the networks that were built last, so that equal requests share one."""

import threading
from collections import OrderedDict

_MOST = 8
_MOST_BYTES = 2**29


class NetworkCache:
    """Keeps the last few networks, as long as they are not too large together.

    The last one stays whatever its size: the folds of a cross-validation ask for it again.

    Parameters
    ----------
    most : int, default=8
        How many networks are kept.

    most_bytes : int, default=2**29
        How large their weights may be together, in bytes.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from skfusion.networks.backbones._network_cache import NetworkCache
    >>> recent = NetworkCache(most_bytes=100)
    >>> recent.find("small", lambda: SimpleNamespace(n_bytes=60)).n_bytes
    60
    >>> recent.find("small", lambda: SimpleNamespace(n_bytes=61)).n_bytes
    60
    >>> recent.find("large", lambda: SimpleNamespace(n_bytes=200)).n_bytes
    200
    >>> recent.find("small", lambda: SimpleNamespace(n_bytes=61)).n_bytes
    61
    """

    def __init__(self, most=_MOST, most_bytes=_MOST_BYTES):
        self._most = most
        self._most_bytes = most_bytes
        self._networks = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key, build):
        """The network of a key; of threads that build it at once, all get the same."""
        with self._lock:
            if key in self._networks:
                self._networks.move_to_end(key)
                return self._networks[key]
        network = build()
        with self._lock:
            network = self._networks.setdefault(key, network)
            self._networks.move_to_end(key)
            while len(self._networks) > 1 and self._are_too_many():
                self._networks.popitem(last=False)
        return network

    def clear(self):
        """Forget all."""
        with self._lock:
            self._networks.clear()

    def _are_too_many(self):
        n_bytes = sum(network.n_bytes for network in self._networks.values())
        return len(self._networks) > self._most or n_bytes > self._most_bytes
