"""Database: queries on the SQLite file of a store, on pooled connections."""

import contextlib
import sqlite3
import threading

from skfusion.store._database_file import BUSY_SECONDS
from skfusion.store._errors import STORE_ERRORS, classify_error

# How often a query is tried again after a damaged database was set aside.
_ATTEMPTS = 3


class Database:
    """Run queries on the database of a store; errors are warned of once and never raised.

    The file is opened on first use. Connections are kept in a pool, and each is used by one thread
    at a time.

    Parameters
    ----------
    file : DatabaseFile
        Opens the database.

    breaker : CircuitBreaker
        Receives errors.

    fork_guard : ForkGuard
        Keeps queries and forks apart.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._backend_registry import get_backend
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = get_backend(folder).database
    ...     count = lambda connection: connection.execute("SELECT count(*) FROM features")
    ...     print(database.run(lambda connection: count(connection).fetchone()))
    ...     database.close_idle()
    (0,)
    """

    def __init__(self, file, breaker, fork_guard):
        self.file = file
        self._breaker = breaker
        self._fork_guard = fork_guard
        self._pool_lock = threading.Lock()
        self._idle = []
        # Threads of one process wait for each other here: SQLite waits by polling.
        self._write_lock = threading.Lock()

    def run(self, query, default=None, *, write=False):
        """Run a query, inside a transaction if it writes.

        Parameters
        ----------
        query : callable
            Called with a connection, possibly more than once.

        default : object, default=None
            Returned when the database can't be used.

        write : bool, default=False
            Whether the query writes. Either all that it writes becomes visible, or nothing.

        Returns
        -------
        result : object
            What the query returned, or the default.
        """
        for _ in range(_ATTEMPTS):
            if self._breaker.is_tripped(writing=write):
                return default
            handle = None
            try:
                with self._fork_guard.query():
                    handle = self._pop_idle() or self.file.open()
                    return self._run_on(handle, query, write)
            except STORE_ERRORS as error:
                if handle is None or classify_error(error) != "damaged":
                    self._breaker.trip(error, writing=write)
                    return default
                self._set_aside(handle, error)
        return default

    def run_if_free(self, query):
        """Run a query in a transaction, if the database is open and not being written to.

        Parameters
        ----------
        query : callable
            Called with a connection.

        Returns
        -------
        done : bool
            Whether the query was run.
        """
        if not self._write_lock.acquire(blocking=False):
            return False
        try:
            with self._fork_guard.query():
                handle = self._pop_idle()
                if handle is None:
                    return False
                with self._connection_of(handle) as connection:
                    return _run_transaction_if_free(connection, query)
        except STORE_ERRORS:
            return False
        finally:
            self._write_lock.release()

    def remove(self):
        """Remove the file, even from a full disk, and return whether it was removed.

        Other processes that have it open notice that at their next query.
        """
        self.close_idle()
        try:
            with self._fork_guard.query():
                self.file.remove()
            return True
        except OSError:
            return False

    def is_open(self):
        """Return whether there are idle connections."""
        return bool(self._idle)

    def close_idle(self):
        """Close the connections that are not in use."""
        with self._pool_lock:
            idle, self._idle = self._idle, []
        for handle in idle:
            handle.close()

    def _run_on(self, handle, query, write):
        with self._connection_of(handle) as connection:
            if not write:
                return query(connection)
            if not self._write_lock.acquire(timeout=BUSY_SECONDS):
                raise TimeoutError("another thread writes")
            try:
                return _run_transaction(connection, query)
            finally:
                self._write_lock.release()

    @contextlib.contextmanager
    def _connection_of(self, handle):
        """Yield the connection of a handle, and return it to the pool unless there is an error."""
        try:
            yield handle.connection
        except BaseException:
            handle.close()
            raise
        with self._pool_lock:
            self._idle.append(handle)

    def _pop_idle(self):
        """Return a connection from the pool whose file has not been replaced, or None."""
        while True:
            with self._pool_lock:
                if not self._idle:
                    return None
                handle = self._idle.pop()
            if handle.is_in_place():
                return handle
            handle.close()

    def _set_aside(self, handle, error):
        self.close_idle()
        try:
            with self._fork_guard.query():
                self.file.set_aside(handle, error)
        except OSError as failure:
            self._breaker.trip(failure, writing=False)


def _run_transaction(connection, query):
    connection.execute("BEGIN IMMEDIATE")
    result = query(connection)
    connection.execute("COMMIT")
    return result


def _run_transaction_if_free(connection, query):
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if classify_error(error) != "locked":
            raise
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    query(connection)
    connection.execute("COMMIT")
    return True
