"""DatabaseFile: making, opening and setting aside the SQLite file of a store."""

import contextlib
import os
import secrets
import sqlite3
from typing import Any, NamedTuple

from skfusion.store._circuit_breaker import STORE_ERRORS, DamagedError, kind_of
from skfusion.store._schema import check_tables, create_tables

# How long to wait for other processes.
BUSY_SECONDS = 20.0

_PREFIX, _SUFFIX = "features-", ".sqlite"
# By this, backup programs know folders that they may leave out (bford.info/cachedir).
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Features and networks kept by skfusion.\n"
_PRAGMAS = (
    # A commit may be lost with the power, not the database; killing a process loses nothing.
    "PRAGMA synchronous = NORMAL",
    # 16 MB of log before it is copied into the database: a batch is several.
    "PRAGMA wal_autocheckpoint = 4096",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA trusted_schema = OFF",
)


class Handle(NamedTuple):
    """An open connection, and the file that it belongs to."""

    connection: sqlite3.Connection
    path: str
    inode: tuple[Any, ...]

    def is_in_place(self):
        """Whether the file is still the one under its name."""
        return _inode(self.path) == self.inode

    def close(self):
        """Close the connection; what was not committed is undone."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()


class DatabaseFile:
    """The file of one store: one process at a time makes, opens or moves it.

    Parameters
    ----------
    folder : str
        Where the file is, or will be made.

    locks : FileLocks
        Guards the file between processes.

    troubles : CircuitBreaker
        Hears of files that are set aside.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._database_file import DatabaseFile
    >>> from skfusion.store._file_locks import FileLocks
    >>> from skfusion.store._circuit_breaker import CircuitBreaker
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = DatabaseFile(folder, FileLocks(folder + "/locks"), CircuitBreaker(folder))
    ...     handle = file.open()
    ...     print(handle.is_in_place())
    ...     handle.close()
    True
    """

    def __init__(self, folder, locks, troubles):
        self._folder = folder
        self._locks = locks
        self._troubles = troubles

    def exists(self):
        """Whether there is a file, without making one."""
        with contextlib.suppress(OSError):
            return self._find() is not None
        return False

    def open(self):
        """Open the file; make it, or put another in its place, where that is needed."""
        os.makedirs(self._folder, exist_ok=True)
        with self._guard():
            path = self._find()
            if path is not None:
                try:
                    return _connect(path)
                except STORE_ERRORS as error:
                    if kind_of(error) != "damaged":
                        raise
                    self._move(path, error)
            return _connect(self._create())

    def set_aside(self, handle, error):
        """Put a damaged file out of the way, unless another process has done so."""
        with self._guard():
            if handle.is_in_place():
                self._move(handle.path, error)

    def remove(self):
        """Remove all databases of this store, also those that were set aside."""
        with self._guard():
            self._remove("")

    @contextlib.contextmanager
    def _guard(self):
        # Also around opening: SQLite finds the log of a database by name, and the name must not
        # become that of another in between.
        with self._locks.hold("open", BUSY_SECONDS):
            yield

    def _find(self):
        names = [
            name
            for name in os.listdir(self._folder)
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
        ]
        return os.path.join(self._folder, min(names)) if names else None

    def _create(self):
        """A new, empty database; it gets its name once it is whole."""
        for ending in (".new", "-wal", "-shm"):  # of those who died while they made or removed one
            self._remove(ending)
        with contextlib.suppress(FileExistsError), open(self._folder + "/CACHEDIR.TAG", "xb") as f:
            f.write(_TAG)
        # No name comes twice: who still has the last one open would remove the log of the next.
        path = os.path.join(self._folder, f"{_PREFIX}{secrets.token_hex(4)}{_SUFFIX}")
        connection = sqlite3.connect(path + ".new", isolation_level=None)
        try:
            create_tables(connection)
        finally:
            connection.close()
        os.rename(path + ".new", path)
        return path

    def _move(self, path, error):
        """Rename a database that can't be used; only the last one of them is kept."""
        self._remove(".damaged")
        aside = path + ".damaged"
        os.rename(path, aside)
        with contextlib.suppress(OSError):
            os.rename(path + "-wal", aside + "-wal")
        with contextlib.suppress(OSError):
            os.unlink(path + "-shm")
        self._troubles.tell(
            f"damaged {path}",
            f"The feature store at {{}} can't be used as it is ({error}). It was set aside as "
            f"{os.path.basename(aside)} and begun anew; what it held is computed again.",
        )

    def _remove(self, ending):
        # In this order a database goes before its log: without it, it might be half of itself.
        for name in sorted(os.listdir(self._folder)):
            if name.startswith(_PREFIX) and _SUFFIX + ending in name:
                os.unlink(os.path.join(self._folder, name))


def _connect(path):
    if not os.path.getsize(path):
        raise DamagedError("it is empty")  # SQLite would take no bytes for a new database
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
