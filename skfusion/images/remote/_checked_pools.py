"""CheckedPools: connections to web servers, but none to local addresses."""

import socket
import threading

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from skfusion._utils.prefetch import REMOTE_THREADS
from skfusion._utils.process_local import ProcessLocal
from skfusion.images.remote._local_addresses import find_public_address

_SERVERS = 16


class _CheckedHTTP(HTTPConnection):
    """A connection whose address is checked before it is opened."""

    def __init__(self, *args, local_hosts=frozenset(), **options):
        super().__init__(*args, **options)
        self.local_hosts = local_hosts

    def _new_conn(self):
        return _connect(self)


class _CheckedHTTPS(HTTPSConnection):
    """The same with encryption; certificates are checked for the name of the host."""

    def __init__(self, *args, local_hosts=frozenset(), **options):
        super().__init__(*args, **options)
        self.local_hosts = local_hosts

    def _new_conn(self):
        return _connect(self)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _CheckedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPS


class CheckedPools(PoolManager):
    """Keep connections open, also for redirects to other hosts.

    Parameters
    ----------
    local_hosts : frozenset of str or True
        The hosts that may have a local address.
    """

    def __init__(self, local_hosts):
        super().__init__(num_pools=_SERVERS, maxsize=REMOTE_THREADS, block=False)
        self.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        self._local_hosts = local_hosts

    def _new_pool(self, scheme, host, port, request_context=None):
        pool = super()._new_pool(scheme, host, port, request_context)
        pool.conn_kw["local_hosts"] = self._local_hosts
        return pool


def _connect(connection):
    """Return a socket that is connected to an address of the host that was checked."""
    host, port = connection._dns_host, connection.port
    address = find_public_address(host, port, connection.local_hosts)
    options = connection.socket_options
    try:
        return create_connection((address, port), connection.timeout, None, options)
    except OSError as error:
        if isinstance(error, (TimeoutError, ConnectionError)):
            raise
        raise ConnectionError(error.strerror or "no connection") from None


_POOLS = ProcessLocal(dict)
_LOCK = ProcessLocal(threading.Lock)


def find_pools(local_hosts):
    """Return the connections of this process; those of each permission are kept apart."""
    with _LOCK.get():
        pools = _POOLS.get()
        if local_hosts not in pools:
            pools[local_hosts] = CheckedPools(local_hosts)
        return pools[local_hosts]


UNKNOWN_HOST = socket.gaierror
