"""Fingerprints of plain values."""

from hashlib import blake2b


def digest_text(*parts):
    """Return a short digest of values that their `repr` describes completely."""
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
