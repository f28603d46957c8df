"""Database: work on the SQLite file of a store, on pooled connections, whatever goes wrong."""

import contextlib
import sqlite3
import threading

from skfusion.store._circuit_breaker import STORE_ERRORS, kind_of
from skfusion.store._database_file import BUSY_SECONDS

# How often work is begun anew: after a damaged database was set aside.
_ATTEMPTS = 3


class Database:
    """Run work on the database of a store; what goes wrong is reported once, never raised.

    The file is opened when it is first needed. Connections are kept in a pool, each used by one
    thread at a time.

    Parameters
    ----------
    file : DatabaseFile
        Opens the database.

    troubles : CircuitBreaker
        Hears of what goes wrong.

    gate : ForkGuard
        Passed by each use of a connection.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._store_backend import find_core
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = find_core(folder).database
    ...     count = lambda connection: connection.execute("SELECT count(*) FROM features")
    ...     print(database.run(lambda connection: count(connection).fetchone()))
    ...     database.close_idle()
    (0,)
    """

    def __init__(self, file, troubles, gate):
        self.file = file
        self._troubles = troubles
        self._gate = gate
        self._pool = threading.Lock()
        self._idle = []
        # Threads of one process wait here in turn: SQLite's own waiting is by sleeping.
        self._writing = threading.Lock()

    def run(self, work, default=None, *, write=False):
        """Call work(connection), inside a transaction if it writes.

        Parameters
        ----------
        work : callable
            May be called more than once.

        default : object, default=None
            What comes back when the database can't be used.

        write : bool, default=False
            Whether the work writes. All it writes becomes visible at once, or nothing.

        Returns
        -------
        result : object
            What the work returned, or the default.
        """
        for _ in range(_ATTEMPTS):
            if self._troubles.resting(write):
                return default
            handle = None
            try:
                with self._gate.passed():
                    handle = self._take_idle() or self.file.open()
                    return self._use(handle, work, write)
            except STORE_ERRORS as error:
                if handle is None or kind_of(error) != "damaged":
                    self._troubles.rest(error, writing=write)
                    return default
                self._set_aside(handle, error)
        return default

    def run_if_free(self, work):
        """Call work(connection) in a transaction if nobody else writes now; whether it was done.

        Never opens nor makes a database.
        """
        if not self._writing.acquire(blocking=False):
            return False
        try:
            with self._gate.passed():
                handle = self._take_idle()
                if handle is None:
                    return False
                with self._lent(handle) as connection:
                    return _in_transaction_if_free(connection, work)
        except STORE_ERRORS:
            return False
        finally:
            self._writing.release()

    def remove(self):
        """Remove the file, also from a full disk; whether that was done.

        Other processes that have it open notice it when they use it next.
        """
        self.close_idle()
        try:
            with self._gate.passed():
                self.file.remove()
            return True
        except OSError:
            return False

    def is_open(self):
        """Whether connections wait to be used."""
        return bool(self._idle)

    def close_idle(self):
        """Close the connections that nobody uses."""
        with self._pool:
            idle, self._idle = self._idle, []
        for handle in idle:
            handle.close()

    def _use(self, handle, work, write):
        with self._lent(handle) as connection:
            if not write:
                return work(connection)
            if not self._writing.acquire(timeout=BUSY_SECONDS):
                raise TimeoutError("another thread writes")
            try:
                return _in_transaction(connection, work)
            finally:
                self._writing.release()

    @contextlib.contextmanager
    def _lent(self, handle):
        """The connection of a handle; back to the pool afterwards, unless something failed."""
        try:
            yield handle.connection
        except BaseException:
            handle.close()
            raise
        with self._pool:
            self._idle.append(handle)

    def _take_idle(self):
        """A connection from the pool whose file is still in its place; None if there is none."""
        while True:
            with self._pool:
                if not self._idle:
                    return None
                handle = self._idle.pop()
            if handle.is_in_place():
                return handle
            handle.close()

    def _set_aside(self, handle, error):
        self.close_idle()
        try:
            with self._gate.passed():
                self.file.set_aside(handle, error)
        except OSError as failure:
            self._troubles.rest(failure, writing=False)


def _in_transaction(connection, work):
    connection.execute("BEGIN IMMEDIATE")
    result = work(connection)
    connection.execute("COMMIT")
    return result


def _in_transaction_if_free(connection, work):
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if kind_of(error) != "locked":
            raise
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    work(connection)
    connection.execute("COMMIT")
    return True
