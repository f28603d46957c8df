"""Fingerprints of plain values."""

from hashlib import blake2b


def digest_text(*values):
    """Compute a digest of values whose `repr` describes them completely.

    Parameters
    ----------
    *values : object
        The values.

    Returns
    -------
    digest : str of length 32
        Hexadecimal digits of a BLAKE2b digest (RFC 7693) of 16 bytes.
    """
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()
