"""Read file:// addresses."""

from urllib.parse import urlsplit
from urllib.request import url2pathname

from skfusion.images._files import locate, open_file
from skfusion.images.remote._remote_error import RemoteError
from skfusion.images.remote._remote_state import Download
from skfusion.images.remote._web_client import too_large


def download(url, access):
    """Return the content of the file; the rules of a strict root apply."""
    parts = urlsplit(url)
    if parts.netloc.lower() not in ("", "localhost"):
        raise RemoteError("a file:// address names another machine")
    with open_file(locate(url2pathname(parts.path), access.root, access.strict_root)) as file:
        content = file.read(access.max_bytes + 1)
    if len(content) > access.max_bytes:
        raise too_large(access)
    return Download(content, None)
