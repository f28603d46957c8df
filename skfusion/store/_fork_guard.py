"""No query runs while this process forks."""

import threading
import time
from contextlib import contextmanager

# A thread may wait for a lock of the database for longer than a fork should take.
_PATIENCE = 5.0


class ForkGuard:
    """Let queries through until a fork is near, and the fork once no query is on its way.

    SQLite's connections must not be used in a forked process: its locks belong to the process
    that took them. What is more, a fork copies locks that other threads hold at that moment, and
    nobody in the new process would ever release them. So a fork waits for the queries, and all
    connections are closed before it.

    Examples
    --------
    >>> from skfusion.store._fork_guard import ForkGuard
    >>> gate = ForkGuard()
    >>> with gate.passed():
    ...     pass
    """

    def __init__(self):
        self._free = threading.Condition(threading.Lock())
        self._n_inside = 0

    @contextmanager
    def passed(self):
        """Around each query."""
        with self._free:
            self._n_inside += 1
        try:
            yield
        finally:
            with self._free:
                self._n_inside -= 1
                if not self._n_inside:
                    self._free.notify_all()

    def shut(self):
        """Before a fork: wait for the queries that run, and let no new one begin."""
        self._free.acquire()
        deadline = time.monotonic() + _PATIENCE
        while self._n_inside and time.monotonic() < deadline:
            self._free.wait(deadline - time.monotonic())

    def open(self):
        """After a fork, in the process that forked."""
        self._free.release()
