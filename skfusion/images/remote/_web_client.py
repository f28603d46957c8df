"""Read files from web servers: http:// and https://."""

import time
from urllib.parse import urljoin, urlsplit

from skfusion._utils.package_of_extra import import_extra
from skfusion._utils.urls import scheme_of
from skfusion.images.remote._addresses import WEB
from skfusion.images.remote._remote_error import RemoteError, TemporaryFailure
from skfusion.images.remote._remote_state import Download, RemoteState
from skfusion.images.remote._retries import with_retries

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_REASONS = {
    401: "access is denied",
    403: "access is denied",
    404: "the server has no such file",
    410: "the server has no such file",
}
_CHUNK = 1 << 16
# The bytes are needed as they are stored: their number is limited, and their digest is a key.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "skfusion"}


def download(url, access):
    """Download a file.

    Parameters
    ----------
    url : str
        The address.

    access : RemoteAccess
        What is allowed, also after redirects.

    Returns
    -------
    download : Download
        Content and state.
    """

    def try_once():
        deadline = time.monotonic() + access.timeout
        response = _request("GET", url, access)
        try:
            _check_status(response)
            content = _read(response, access, deadline)
        except BaseException:
            response.close()  # unread bytes would be those of the next answer
            raise
        response.release_conn()
        return Download(content, _state_of(response.headers, len(content)))

    return with_retries(try_once, access.retries)


def find_state(url, access):
    """Return the RemoteState of a file; None where the server does not give it."""

    def try_once():
        response = _request("HEAD", url, access)
        response.drain_conn()
        response.release_conn()
        _check_status(response)
        return _state_of(response.headers, response.headers.get("Content-Length"))

    return with_retries(try_once, access.retries)


def _state_of(headers, size):
    return RemoteState.of(size, headers.get("ETag"))


def _request(method, url, access):
    """Send a request and return the answer, of which the body has not been read."""
    urllib3 = import_extra("urllib3", "remote", "https:// addresses")
    from skfusion.images.remote._checked_pools import UNKNOWN_HOST, find_pools

    pools = find_pools(access.local_hosts)
    timeout = urllib3.Timeout(connect=access.timeout, read=access.timeout)
    for _ in range(_MOST_REDIRECTS + 1):
        _check_address(url, access)
        try:
            response = pools.request(
                method,
                url.partition("#")[0],
                headers=_HEADERS,
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=timeout,
            )
        except UNKNOWN_HOST:
            reason = "the name of the server is unknown"
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = _why(error, access)
        else:
            if response.status not in _REDIRECTS:
                return response
            response.close()
            url = urljoin(url, response.headers.get("Location", ""))
            continue
        raise TemporaryFailure(reason)
    raise RemoteError(f"the server redirects more than {_MOST_REDIRECTS} times")


def _check_address(url, access):
    access.check(url)
    if scheme_of(url) not in WEB:
        raise RemoteError("the server redirects to an address of another kind")
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise RemoteError("the address is not valid")
    if "@" in parts.netloc:
        raise RemoteError("addresses with a user name or a password are not read")


def _check_status(response):
    status = response.status
    if status == 200:
        return
    if status in _TEMPORARY:
        pause = response.headers.get("Retry-After", "")
        seconds = float(pause) if pause.isdecimal() else 0.0
        raise TemporaryFailure(f"the server answers {status}", seconds)
    raise RemoteError(f"{_REASONS.get(status, 'the server refuses')} (status {status})")


def _read(response, access, deadline):
    """Return the content; RemoteError as soon as it is too long."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > access.max_bytes:
        raise too_large(access)
    urllib3 = import_extra("urllib3", "remote", "https:// addresses")
    content = bytearray()
    try:
        while chunk := response.read1(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > access.max_bytes:
                raise too_large(access)
            if time.monotonic() > deadline:
                raise TimeoutError
    except (urllib3.exceptions.HTTPError, OSError) as error:
        reason = _why(error, access)
    else:
        if not announced.isdecimal() or int(announced) == len(content):
            return bytes(content)
        reason = "the connection ended before the file"
    raise TemporaryFailure(reason)


def too_large(access):
    """Return the error for a file of more bytes than are allowed."""
    return RemoteError(
        f"it has more than {access.max_bytes} bytes; ImageReader(max_bytes=...) sets the limit"
    )


def _why(error, access):
    """Return the reason of a failure; the text of these errors may hold the address."""
    name = type(error).__name__
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return f"no answer within {access.timeout:g} seconds"
    if "SSL" in name or "Certificate" in name:
        return "the certificate of the server is not valid, or encryption failed"
    return "the connection to the server failed"
