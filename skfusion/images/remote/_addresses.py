"""URLs of files: their name in the memo of digests."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from skfusion._utils.urls import scheme_of

WEB = frozenset({"http", "https"})


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
    """Return whether an argument of a URL is its signature, or the end of its validity."""
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
