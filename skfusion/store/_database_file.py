"""DatabaseFile: creates, opens and sets aside the SQLite file of a store."""

import contextlib
import os
import secrets
import sqlite3
from typing import Any, NamedTuple

from skfusion.store._errors import STORE_ERRORS, DamagedError, classify_error
from skfusion.store._schema import check_tables, create_tables

# How long to wait for other processes.
BUSY_SECONDS = 20.0

_PREFIX, _SUFFIX = "features-", ".sqlite"
# Marks a folder that backup programs may leave out (bford.info/cachedir).
_CACHE_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This folder is a cache of skfusion: features and trained networks.\n"
)
_PRAGMAS = (
    # A power failure may undo a commit, but does not damage the database. Killing a process loses
    # nothing.
    "PRAGMA synchronous = NORMAL",
    # 16 MB of log before it is copied into the database: several batches.
    "PRAGMA wal_autocheckpoint = 4096",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA trusted_schema = OFF",
)


class Handle(NamedTuple):
    """An open connection and its file."""

    connection: sqlite3.Connection
    path: str
    inode: tuple[Any, ...]

    def is_in_place(self):
        """Return whether the path still leads to the file of this connection."""
        return _inode(self.path) == self.inode

    def close(self):
        """Close the connection; what was not committed is undone."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()


class DatabaseFile:
    """Create, open and set aside the file of one store; one process at a time does so.

    Parameters
    ----------
    folder : str
        The folder of the file.

    locks : FileLocks
        Locks between processes.

    breaker : CircuitBreaker
        Receives the warning of a file that is set aside.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._circuit_breaker import CircuitBreaker
    >>> from skfusion.store._database_file import DatabaseFile
    >>> from skfusion.store._file_locks import FileLocks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = DatabaseFile(folder, FileLocks(folder + "/locks"), CircuitBreaker(folder))
    ...     handle = file.open()
    ...     print(handle.is_in_place())
    ...     handle.close()
    True
    """

    def __init__(self, folder, locks, breaker):
        self._folder = folder
        self._locks = locks
        self._breaker = breaker

    def exists(self):
        """Return whether there is a file; none is created."""
        with contextlib.suppress(OSError):
            return self._find() is not None
        return False

    def open(self):
        """Open the file. It is created if there is none, and replaced if it is damaged."""
        os.makedirs(self._folder, exist_ok=True)
        with self._lock():
            path = self._find()
            if path is not None:
                try:
                    return _connect(path)
                except STORE_ERRORS as error:
                    if classify_error(error) != "damaged":
                        raise
                    self._rename_damaged(path, error)
            return _connect(self._create())

    def set_aside(self, handle, error):
        """Rename a damaged file, unless another process has done so."""
        with self._lock():
            if handle.is_in_place():
                self._rename_damaged(handle.path, error)

    def remove(self):
        """Remove all databases of this store, also those that were set aside."""
        with self._lock():
            self._remove_files("")

    def _lock(self):
        # Also held while the file is opened: SQLite finds the log of a database by its name, which
        # must not become the name of another database meanwhile.
        return self._locks.hold("open", BUSY_SECONDS)

    def _find(self):
        names = [
            name
            for name in os.listdir(self._folder)
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
        ]
        return os.path.join(self._folder, min(names)) if names else None

    def _create(self):
        """Create an empty database; it gets its name when it is complete."""
        for ending in (".new", "-wal", "-shm"):  # of processes that died at this point
            self._remove_files(ending)
        tag = os.path.join(self._folder, "CACHEDIR.TAG")
        with contextlib.suppress(FileExistsError), open(tag, "xb") as file:
            file.write(_CACHE_TAG)
        # No name is used twice: a process that still has the last database open will remove its
        # log, by name.
        path = os.path.join(self._folder, f"{_PREFIX}{secrets.token_hex(4)}{_SUFFIX}")
        connection = sqlite3.connect(path + ".new", isolation_level=None)
        try:
            create_tables(connection)
        finally:
            connection.close()
        os.rename(path + ".new", path)
        return path

    def _rename_damaged(self, path, error):
        """Rename a database that can't be used; only the last one of them is kept."""
        self._remove_files(".damaged")
        aside = path + ".damaged"
        os.rename(path, aside)
        with contextlib.suppress(OSError):
            os.rename(path + "-wal", aside + "-wal")
        with contextlib.suppress(OSError):
            os.unlink(path + "-shm")
        self._breaker.warn_once(
            f"damaged {path}",
            f"The feature store at {{}} can't be used as it is ({error}). Its database was set "
            f"aside as {os.path.basename(aside)}, and an empty one was created. What it held is "
            "computed again.",
        )

    def _remove_files(self, ending):
        # Sorted, so that a database is removed before its log, without which it is incomplete.
        for name in sorted(os.listdir(self._folder)):
            if name.startswith(_PREFIX) and _SUFFIX + ending in name:
                os.unlink(os.path.join(self._folder, name))


def _connect(path):
    if not os.path.getsize(path):
        raise DamagedError("it is empty")  # SQLite opens an empty file as a new database
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        # In a damaged file, text may be any bytes.
        connection.text_factory = bytes
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        check_tables(connection)
        return Handle(connection, path, _inode(path))
    except BaseException:
        connection.close()
        raise


def _inode(path):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
