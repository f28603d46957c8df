"""RemoteAccess: which files on other machines a reader may read."""

import os
from dataclasses import dataclass, field
from typing import Any

from skfusion._utils.urls import scheme_of
from skfusion.images.remote._filesystem import check_filesystem, protocols_of
from skfusion.images.remote._remote_error import RemoteError

SCHEMES = ("az", "file", "gs", "hf", "http", "https", "s3")
# Data sent without encryption can be changed on the way, so the scheme has to be named.
_NOT_BY_DEFAULT = {"http"}
MAX_BYTES = 1 << 28
TIMEOUT = 60.0
RETRIES = 4


@dataclass(frozen=True)
class RemoteAccess:
    """The addresses that may be read, and the limits of reading.

    Parameters
    ----------
    schemes : frozenset of str
        The schemes of addresses.

    local_hosts : frozenset of str or True, default=frozenset()
        The hosts whose address may be one of a local network; True is all.

    timeout : float, default=60.0
        Seconds for one try.

    retries : int, default=4
        How often a failure that may pass is tried again.

    max_bytes : int, default=268435456
        The size of the largest file.

    root : str, PathLike or None, default=None
        The folder that ``file://`` must stay in, with `strict_root`.

    strict_root : bool, default=False
        Whether it must.

    filesystem : fsspec.AbstractFileSystem or None, default=None
        Reads the addresses of its own schemes.
    """

    schemes: frozenset[str]
    local_hosts: frozenset[str] | bool = field(default_factory=frozenset)
    timeout: float = TIMEOUT
    retries: int = RETRIES
    max_bytes: int = MAX_BYTES
    root: str | os.PathLike[str] | None = None
    strict_root: bool = False
    filesystem: Any = None

    @classmethod
    def of(cls, reader):
        """Return what a reader allows; None where it allows nothing, or is of another class."""
        filesystem = getattr(reader, "filesystem", None)
        allowed = getattr(reader, "remote", False) or filesystem is not None
        if not allowed or not hasattr(reader, "max_bytes"):
            return None
        check_filesystem(filesystem)
        return cls(
            schemes=find_schemes(reader.remote) | protocols_of(filesystem),
            local_hosts=find_hosts(reader.allow_local),
            timeout=reader.timeout,
            retries=reader.retries,
            max_bytes=reader.max_bytes,
            root=reader.root,
            strict_root=reader.strict_root,
            filesystem=filesystem,
        )

    def filesystem_of(self, url):
        """Return the file system that was passed for the scheme of an address; None without."""
        own = scheme_of(url) in protocols_of(self.filesystem)
        return self.filesystem if own else None

    def check(self, url):
        """Raise RemoteError for an address that may not be read."""
        scheme = scheme_of(url)
        if scheme not in self.schemes:
            raise refusal(scheme)


def refusal(scheme, function="ImageReader"):
    """Return the error for an address whose scheme is not allowed."""
    if scheme not in SCHEMES:
        return RemoteError(f"addresses of {scheme[:20]}:// can't be read")
    return RemoteError(
        f"reading addresses of {scheme}:// is off; {function}(remote=[{scheme!r}]) allows it"
    )


def find_schemes(remote):
    """Return the schemes that the parameter `remote` allows; ValueError for unknown ones."""
    if remote is True:
        return frozenset(SCHEMES) - _NOT_BY_DEFAULT
    names = {remote} if isinstance(remote, str) else set(remote or ())
    unknown = sorted(str(name) for name in names if name not in SCHEMES)
    if unknown:
        raise ValueError(f"remote names {unknown[0]!r}; the schemes are {', '.join(SCHEMES)}.")
    return frozenset(names)


def find_hosts(allow_local):
    """Return the hosts that the parameter `allow_local` names, in lower case; True for all."""
    if isinstance(allow_local, bool):
        return allow_local or frozenset()
    names = [allow_local] if isinstance(allow_local, str) else allow_local
    return frozenset(name.lower() for name in names)
