"""ForkGuard: no database query runs while this process forks."""

import threading
import time
from contextlib import contextmanager

# A query may wait for a lock of the database for longer than a fork should be delayed.
_MAX_WAIT_SECONDS = 5.0


class ForkGuard:
    """Delay a fork until no query runs, and new queries until the fork is over.

    An SQLite connection must not be used in a forked process: its locks belong to the process that
    acquired them. So all connections are closed before a fork, once no query uses them.

    Examples
    --------
    >>> from skfusion.store._fork_guard import ForkGuard
    >>> guard = ForkGuard()
    >>> with guard.query():
    ...     pass
    >>> guard.before_fork()
    >>> guard.after_fork()
    """

    def __init__(self):
        self._changed = threading.Condition(threading.Lock())
        self._n_queries = 0

    @contextmanager
    def query(self):
        """Run a query inside this context."""
        with self._changed:
            self._n_queries += 1
        try:
            yield
        finally:
            with self._changed:
                self._n_queries -= 1
                if not self._n_queries:
                    self._changed.notify_all()

    def before_fork(self):
        """Wait for running queries, and let no new one begin."""
        self._changed.acquire()
        deadline = time.monotonic() + _MAX_WAIT_SECONDS
        while self._n_queries and time.monotonic() < deadline:
            self._changed.wait(deadline - time.monotonic())

    def after_fork(self):
        """Let queries begin again, in the process that forked."""
        self._changed.release()
