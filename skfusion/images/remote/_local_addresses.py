"""Refuse addresses of this machine and of its local network."""

import ipaddress
import socket

from skfusion.images.remote._remote_error import RemoteError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# The service of Azure that gives virtual machines their credentials has a public address.
_METADATA = ipaddress.ip_address("168.63.129.16")


def find_public_address(host, port, local_hosts):
    """Return the IP address to connect to.

    The address that was checked is the one that is used, so that a name server can't give a second
    one for the connection.

    Parameters
    ----------
    host : str
        A name or an IP address.

    port : int
        The port.

    local_hosts : frozenset of str or True
        The hosts that may be local; True is all.

    Returns
    -------
    address : str
        The first address of the host.

    Raises
    ------
    RemoteError
        If one of the addresses of the host is local, private or reserved.
    """
    name = host.strip("[]").rstrip(".").lower()
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [entry[4][0] for entry in found]
    if local_hosts is not True and name not in local_hosts:
        for address in addresses:
            if not is_public(address):
                raise RemoteError(
                    f"{name[:80]} is an address of this machine or of a local network, which is "
                    "refused; ImageReader(allow_local=[...]) can name it"
                )
    return addresses[0]


def is_public(address):
    """Return whether an IP address is one of the internet.

    Examples
    --------
    >>> from skfusion.images.remote._local_addresses import is_public
    >>> is_public("8.8.8.8"), is_public("169.254.169.254"), is_public("::ffff:127.0.0.1")
    (True, False, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = _addresses_in(found)
    if inner:
        return all(is_public(str(one)) for one in inner)
    if found.version == 6 and found not in _GLOBAL_UNICAST:
        return False
    return found.is_global and not found.is_multicast and found != _METADATA


def _addresses_in(address):
    """Return the IPv4 addresses that an IPv6 address contains."""
    if address.version == 4:
        return []
    inner = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.ipv4_mapped is not None:
        inner.append(address.ipv4_mapped)
    return [one for one in inner if one is not None]
