"""Digests of content; those of different kinds of content differ."""

from hashlib import blake2b

from skfusion.images._files import open_file

_CHUNK = 1 << 18


def content_digest(kind, *parts):
    """Return the digest of several parts of one content.

    Parameters
    ----------
    kind : {"bytes", "files", "array", "image"}
        What the content is; the same bytes of another kind have another digest.

    *parts : bytes-like
        The content.

    Returns
    -------
    digest : bytes of length 16
        BLAKE2b (RFC 7693) of 128 bits.
    """
    digest = new_digest(kind)
    for part in parts:
        digest.update(part)
    return digest.digest()


def new_digest(kind):
    """Return a digest of one kind of content, to be updated."""
    return blake2b(digest_size=16, person=f"skfusion {kind}".encode())


def stream_digest(stream):
    """Return the digest of all bytes from where a stream is to its end."""
    digest = new_digest("bytes")
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.digest()


def files_digest(paths):
    """Return the digest of the content of one file, or of several that belong together."""
    digests = []
    for path in paths:
        with open_file(path) as file:
            digests.append(stream_digest(file))
    return digests[0] if len(digests) == 1 else content_digest("files", *digests)
