"""The location of a shared store, and the default one of its local store."""

import os
from hashlib import blake2b

from skfusion._utils.urls import redact, scheme_of

_SCHEMES = ("s3", "gs", "az")


def check_location(location):
    """Return the address of a shared store: a URL of an object store, or an absolute path.

    Parameters
    ----------
    location : str or PathLike
        What the user passed.

    Raises
    ------
    TypeError
        If it is neither text nor a path.

    ValueError
        If its scheme has no shared stores, or if it holds a user name, a password or a query.

    Examples
    --------
    >>> from skfusion.store._shared_location import check_location
    >>> check_location("s3://bucket/features/")
    's3://bucket/features'
    """
    if not isinstance(location, (str, os.PathLike)) or not os.fspath(location):
        raise TypeError(f"shared must be a folder or the URL of one, got {location!r}.")
    location = os.fsdecode(location)
    scheme = scheme_of(location)
    if scheme is None:
        return os.path.abspath(os.path.expanduser(location))
    shown = redact(location)
    if scheme not in _SCHEMES:
        raise ValueError(f"{shown!r} can't be a shared store. Schemes: {', '.join(_SCHEMES)}.")
    if shown != location:
        raise ValueError(
            f"{shown!r} was passed with a user name, a password or a query. Credentials are those "
            "of the environment."
        )
    return f"{scheme}://{location.partition('://')[2].rstrip('/')}"


def local_folder(location):
    """Return the folder for the local copies of a shared store, in the cache of the user."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    name = blake2b(location.encode(), digest_size=8).hexdigest()
    return os.path.join(os.path.expanduser(base), "skfusion", "shared", name)
