"""Download a file from wherever it is."""

from skfusion._utils.urls import scheme_of
from skfusion.images.remote import _local_client, _store_client, _web_client
from skfusion.images.remote._addresses import WEB
from skfusion.images.remote._remote_error import RemoteError


def download(url, access, state=None):
    """Download a file, with retries and limits.

    Parameters
    ----------
    url : str
        The address.

    access : RemoteAccess
        What is allowed.

    state : RemoteState or None, default=None
        The state of the file before, where it was found.

    Returns
    -------
    download : Download
        Content and state.

    Raises
    ------
    ValueError
        If it can't be read; the message shows no address.
    """
    access.check(url)
    scheme = scheme_of(url)
    if scheme == "file":
        return _local_client.download(url, access)
    if scheme in WEB:
        return _web_client.download(url, access)
    return _store_client.download(url, access, state)


def find_state(url, access):
    """Return the RemoteState of a file; None where it can't be found without a download."""
    try:
        access.check(url)
        scheme = scheme_of(url)
        if scheme == "file":
            return None
        client = _web_client if scheme in WEB else _store_client
        return client.find_state(url, access)
    except RemoteError:
        return None  # some servers have no such request; the download finds out what is wrong
