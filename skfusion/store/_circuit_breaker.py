"""What can go wrong with a store, and how often the user hears of it: once."""

import errno
import sqlite3
import threading
import time
import warnings

from skfusion._utils.messages import with_remedies
from skfusion.exceptions import StoreWarning

# How long a store that fails is left alone: without a pause, each batch would wait for the same
# lock again.
REST_SECONDS = 60.0

_BY_CODE = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "closed",
    sqlite3.SQLITE_PERM: "closed",
    sqlite3.SQLITE_AUTH: "closed",
    sqlite3.SQLITE_CANTOPEN: "closed",
    # A table or an index that does not hold what we put there is damaged too: SQLite tells by a
    # missing table or a broken constraint.
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_ERROR: "damaged",
    sqlite3.SQLITE_CONSTRAINT: "damaged",
    sqlite3.SQLITE_MISMATCH: "damaged",
}
_BY_ERRNO = {
    errno.ENOSPC: "full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "full",  # Windows has no quotas of this kind
    errno.EFBIG: "full",
    errno.EROFS: "closed",
    errno.EACCES: "closed",
    errno.EPERM: "closed",
}
_MESSAGES = {
    "full": "There is no room left for the feature store at {folder} ({error}): nothing more is "
    "kept in it, and features that it lacks are computed each time.",
    "closed": "The feature store at {folder} can't be written to ({error}): features are computed "
    "without it.",
    "locked": "The feature store at {folder} is locked by another program ({error}): features are "
    "computed without it meanwhile.",
    "newer": "The feature store at {folder} is not used: {error}. Update skfusion, or name another "
    "folder.",
    "other": "The feature store at {folder} can't be used ({error}): features are computed without "
    "it.",
}


_REMEDIES = {
    "full": {"room": "Free some space, or pass max_bytes."},
    "closed": {"other store": "Name a folder that is yours to write."},
}


class NewerFormatError(Exception):
    """The database was written by a later version of skfusion."""


class DamagedError(Exception):
    """The database is not what this version wrote; the text says why."""


# What using a store may raise, on any machine. Python fails to decode what SQLite says where it
# quotes a damaged file.
STORE_ERRORS = (sqlite3.Error, OSError, DamagedError, NewerFormatError, UnicodeDecodeError)


class CircuitBreaker:
    """Keep count of what went wrong with one store in this process.

    Parameters
    ----------
    folder : str
        The folder of the store, for messages.

    Examples
    --------
    >>> from skfusion.store._circuit_breaker import CircuitBreaker
    >>> troubles = CircuitBreaker("/tmp/store")
    >>> troubles.resting(writing=True)
    False
    """

    def __init__(self, folder):
        self._folder = folder
        self._told = set()
        self._until = {"read": 0.0, "write": 0.0}
        self._lock = threading.Lock()

    def resting(self, writing):
        """Whether the store is left alone for now."""
        now = time.monotonic()
        return now < self._until["read"] or (writing and now < self._until["write"])

    def rest(self, error, *, writing):
        """Warn of an error and leave the store alone for a while.

        A full disk ends the writing only: what is there can still be read.
        """
        kind = kind_of(error)
        only_writes = writing and kind in ("full", "locked")
        self._until["write" if only_writes else "read"] = time.monotonic() + REST_SECONDS
        text = " ".join(str(error).split()) or type(error).__name__
        self.tell(kind, _MESSAGES.get(kind, _MESSAGES["other"]).format(folder="{}", error=text))

    def tell(self, kind, message):
        """Warn, unless this kind was told before; ``{}`` stands for the folder."""
        with self._lock:
            if kind in self._told:
                return
            self._told.add(kind)
        problem = message.replace("{}", repr(self._folder), 1)
        warning = with_remedies(StoreWarning, problem, _REMEDIES.get(kind, {}))
        warnings.warn(warning, stacklevel=2)


def kind_of(error):
    """Which kind of trouble an error is: full, closed, locked, damaged, newer or other."""
    if isinstance(error, (DamagedError, UnicodeDecodeError)):
        return "damaged"
    if isinstance(error, NewerFormatError):
        return "newer"
    if isinstance(error, TimeoutError):
        return "locked"
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno, "other")
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return "other"
    if code == sqlite3.SQLITE_IOERR_CORRUPTFS:
        return "damaged"
    return _BY_CODE.get(code & 0xFF, "other")  # the low byte: the rest tells details
