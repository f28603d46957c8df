"""URLs: recognize them, and show them without secrets."""

import re

# One letter would be a drive of Windows.
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_OTHER_NAMES = {"abfs": "az", "abfss": "az", "gcs": "gs", "s3a": "s3"}


def scheme_of(cell):
    """Return the scheme of a URL, in lower case; None for any other cell.

    Examples
    --------
    >>> from skfusion._utils.urls import scheme_of
    >>> scheme_of("S3://bucket/18.png"), scheme_of("front/18.png"), scheme_of(18)
    ('s3', None, None)
    """
    found = _URL.match(cell) if isinstance(cell, str) else None
    if found is None:
        return None
    scheme = found[1].lower()
    return _OTHER_NAMES.get(scheme, scheme)


def redact(url):
    """Return a URL as messages show it: without user, password, query and fragment.

    Examples
    --------
    >>> from skfusion._utils.urls import redact
    >>> redact("https://me:secret@example.org/18.png?X-Amz-Signature=0a1b")
    'https://example.org/18.png?...'
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    shown = re.split(r"[?#]", rest, maxsplit=1)[0]
    authority, slash, path = shown.partition("/")
    authority = authority.rpartition("@")[2]
    return f"{scheme}://{authority}{slash}{path}" + ("?..." if "?" in rest else "")
