"""File systems of fsspec that a user passes: which of them may be used."""

from skfusion._utils.urls import redact, scheme_of

# They would bypass the rules of the reader: `strict_root`, and no local addresses.
_OTHER_WAYS = {"file", "local", "http", "https", "reference"}
_SECRET_NAMES = ("key", "secret", "token", "pass", "cred", "sas", "auth", "connection_string")
_HARMLESS = (None, True, False, "", "anon")


def protocols_of(filesystem):
    """Return the schemes of URLs that a file system reads; none for None."""
    if filesystem is None:
        return frozenset()
    names = filesystem.protocol
    names = [names] if isinstance(names, str) else names
    return frozenset(scheme_of(f"{name}://") for name in names)


def check_filesystem(filesystem):
    """Raise ValueError for a file system that may not be used, or whose pickle holds secrets."""
    if filesystem is None:
        return
    if protocols_of(filesystem) & _OTHER_WAYS:
        shown = "/".join(sorted(protocols_of(filesystem)))
        raise ValueError(
            f"filesystem is one of {shown}. Read local files by their paths, and web servers with "
            "remote=['https']."
        )
    names = sorted(_secrets_in(filesystem.storage_options))
    if names:
        raise ValueError(
            f"The options of filesystem hold credentials ({', '.join(names)}), which a saved model "
            "would show. Make it without them: set them in the environment or in the configuration "
            "of fsspec."
        )


def _secrets_in(options):
    """Yield the names of options whose values may be secret."""
    for name, value in options.items():
        if isinstance(value, dict):
            yield from _secrets_in(value)
        elif _is_secret(name.lower(), value):
            yield name


def _is_secret(name, value):
    if isinstance(value, str) and scheme_of(value) and redact(value) != value:
        return True
    return value not in _HARMLESS and any(part in name for part in _SECRET_NAMES)
