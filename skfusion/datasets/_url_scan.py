"""Find the images below a folder in an object store."""

from collections import Counter

from skfusion._utils.urls import redact, scheme_of
from skfusion.datasets._folder_scan import Scan, is_hidden, sort_key
from skfusion.images.formats._extensions import IMAGE_ENDINGS
from skfusion.images.remote._addresses import WEB
from skfusion.images.remote._remote_access import RemoteAccess, find_schemes, refusal
from skfusion.images.remote._store_client import find_files


def scan_url(url, remote):
    """Find the images below a folder, by the endings of their names.

    Parameters
    ----------
    url : str
        The folder: ``s3://bucket/folder``, for instance.

    remote : bool, str or collection of str
        The schemes that may be read, as in `ImageReader`.

    Returns
    -------
    scan : Scan
        As of `scan_folder`.

    Raises
    ------
    ValueError
        If the scheme is not allowed, or has no folders, or if the store can't be read.
    """
    scheme, schemes = scheme_of(url), find_schemes(remote)
    if scheme not in schemes:
        raise refusal(scheme)
    if scheme in WEB or scheme == "file":
        raise ValueError(
            f"Files below {redact(url)!r} can't be listed: give a path, or a folder of an object "
            "store, or a table of addresses."
        )
    folder = url.rstrip("/") + "/"
    names, skipped = [], Counter()
    for file in find_files(folder, RemoteAccess(schemes)):
        parts = tuple(_below(file, folder).split("/"))
        if any(is_hidden(part) for part in parts):
            skipped["hidden"] += 1
        elif not parts[-1].lower().endswith(IMAGE_ENDINGS):
            skipped["not an image"] += 1
        else:
            names.append(parts)
    return Scan(sorted(names, key=sort_key), dict(sorted(skipped.items())))


def _below(file, folder):
    """Return the path of a file from the folder on; both may name the store differently."""
    path, root = (url.partition("://")[2] for url in (file, folder))
    return path.removeprefix(root)
