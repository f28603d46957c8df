"""URLs: recognize them, and remove what must not be shown or stored."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# One letter would be a drive of Windows.
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_OTHER_NAMES = {"abfs": "az", "abfss": "az", "gcs": "gs", "s3a": "s3"}
WEB = frozenset({"http", "https"})


def scheme_of(cell):
    """Return the scheme of a URL, in lower case; None for any other cell.

    Examples
    --------
    >>> from skfusion.images.remote._addresses import scheme_of
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
    >>> from skfusion.images.remote._addresses import redact
    >>> redact("https://me:secret@example.org/18.png?X-Amz-Signature=0a1b")
    'https://example.org/18.png?...'
    """
    scheme, _, rest = url.partition("://")
    shown = re.split(r"[?#]", rest, maxsplit=1)[0]
    authority, slash, path = shown.partition("/")
    authority = authority.rpartition("@")[2]
    return f"{scheme}://{authority}{slash}{path}" + ("?..." if "?" in rest else "")


def memo_name(url):
    """Return the name of a file in the memo of digests: the URL without its signature."""
    if scheme_of(url) not in WEB:
        return str(url)
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    names = {name.lower() for name, _ in query}
    kept = [(name, value) for name, value in query if not _is_signature(name.lower(), names)]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme.lower(), host.lower(), parts.path, urlencode(kept), ""))


def _is_signature(name, names):
    """Return whether an argument of a URL signs it, or says until when it is valid."""
    if name.startswith(("x-amz-", "x-goog-")):
        return True
    if "signature" in names:  # of Amazon's CloudFront and older signatures
        return name in _OLD_SIGNATURE
    return "sig" in names and name in _SHARED_ACCESS  # of Azure


_OLD_SIGNATURE = frozenset(
    {"signature", "expires", "awsaccesskeyid", "googleaccessid", "policy", "key-pair-id"}
)
_SHARED_ACCESS = frozenset(
    {"sig", "se", "sp", "sv", "sr", "st", "spr", "sip", "skoid", "sktid", "skt", "ske", "sks"}
    | {"skv"}
)
