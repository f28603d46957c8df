"""Errors that using a store may raise, and what kind of problem each of them is."""

import errno
import sqlite3


class NewerFormatError(Exception):
    """The database was written by a later version of skfusion."""


class DamagedError(Exception):
    """The database is not what this version wrote; the text gives the reason."""


# All that using a store may raise, on any system. UnicodeDecodeError: SQLite's message about a
# damaged file may be any bytes.
STORE_ERRORS = (sqlite3.Error, OSError, DamagedError, NewerFormatError, UnicodeDecodeError)

_KINDS_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "unwritable",
    sqlite3.SQLITE_PERM: "unwritable",
    sqlite3.SQLITE_AUTH: "unwritable",
    sqlite3.SQLITE_CANTOPEN: "unwritable",
    # A table or an index may be damaged too. SQLite then reports a missing table or a violated
    # constraint.
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_ERROR: "damaged",
    sqlite3.SQLITE_CONSTRAINT: "damaged",
    sqlite3.SQLITE_MISMATCH: "damaged",
}
_KINDS_BY_ERRNO = {
    errno.ENOSPC: "full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "full",  # Windows has no such quotas
    errno.EFBIG: "full",
    errno.EROFS: "unwritable",
    errno.EACCES: "unwritable",
    errno.EPERM: "unwritable",
}


def classify_error(error):
    """Return the kind of an error.

    Parameters
    ----------
    error : Exception
        One of `STORE_ERRORS`.

    Returns
    -------
    kind : {"full", "unwritable", "locked", "damaged", "newer", "other"}
        The kind of problem.
    """
    if isinstance(error, (DamagedError, UnicodeDecodeError)):
        return "damaged"
    if isinstance(error, NewerFormatError):
        return "newer"
    if isinstance(error, TimeoutError):
        return "locked"
    if isinstance(error, OSError):
        return _KINDS_BY_ERRNO.get(error.errno, "other")
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return "other"
    if code == sqlite3.SQLITE_IOERR_CORRUPTFS:
        return "damaged"
    return _KINDS_BY_SQLITE_CODE.get(code & 0xFF, "other")  # the low byte is the primary code
