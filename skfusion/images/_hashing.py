"""Digests of content; those of different kinds of content differ."""

import os
from hashlib import blake2b

from skfusion.images._files import open_file

_CHUNK = 1 << 18


def content_digest(kind, *parts):
    """Compute the digest of one content.

    Parameters
    ----------
    kind : {"bytes", "files", "array", "image"}
        What the content is; equal bytes of another kind have another digest.

    *parts : bytes-like
        The content.

    Returns
    -------
    digest : bytes of length 16
        BLAKE2b (RFC 7693).
    """
    digest = _new_hash(kind)
    for part in parts:
        digest.update(part)
    return digest.digest()


def stream_digest(stream):
    """Compute the digest of all bytes up to the end of a stream."""
    digest = _new_hash("bytes")
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.digest()


def digest_file(path):
    """Compute the digest of a file's bytes.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    digest : bytes of length 16
        The digest.

    before, after : os.stat_result
        The status of the file before and after it was read.
    """
    with open_file(path) as file:
        before = os.fstat(file.fileno())
        return stream_digest(file), before, os.fstat(file.fileno())


def combine_digests(digests):
    """Return the digest of an image in several files; None if one of them has none."""
    if len(digests) == 1:
        return digests[0]
    return None if None in digests else content_digest("files", *digests)


def _new_hash(kind):
    return blake2b(digest_size=16, person=f"skfusion {kind}".encode())
