"""StoreBackend: what all stores of one folder share in one process."""

import contextlib
import os
import time

from skfusion.store._circuit_breaker import CircuitBreaker
from skfusion.store._counters import Counters, write_counts
from skfusion.store._database import Database
from skfusion.store._database_file import DatabaseFile
from skfusion.store._file_locks import FileLocks
from skfusion.store._last_uses import LastUses
from skfusion.store._run_files import RunFiles
from skfusion.store._shared_level import SharedLevel

# How often counters are written to the database, and how long `flush` tries to.
_COUNTERS_SECONDS, _FLUSH_SECONDS = 1.0, 1.0


class StoreBackend:
    """The database, run files, locks and counters of one store in this process.

    Parameters
    ----------
    folder : str
        The real path of the store.

    fork_guard : ForkGuard
        Keeps queries and forks of this process apart.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._fork_guard import ForkGuard
    >>> from skfusion.store._store_backend import StoreBackend
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     backend = StoreBackend(folder, ForkGuard())
    ...     backend.write_run("key", b"a network", seconds=2.5)
    ...     print(backend.read_run("key"))
    ...     backend.close()
    b'a network'
    """

    def __init__(self, folder, fork_guard):
        self.folder = folder
        self.fork_guard = fork_guard
        self.breaker = CircuitBreaker(folder)
        self.locks = FileLocks(os.path.join(folder, "locks"))
        file = DatabaseFile(folder, self.locks, self.breaker)
        self.database = Database(file, self.breaker, fork_guard)
        self.runs = RunFiles(os.path.join(folder, "runs"), self.breaker)
        self.counters = Counters()
        self.last_uses = LastUses()
        self._counters_written_at = time.monotonic()
        self._levels = {}

    def shared_level(self, location):
        """Return the SharedLevel of a location behind this store."""
        if location not in self._levels:
            self._levels.setdefault(location, SharedLevel(self, location))
        return self._levels[location]

    def read_run(self, key, level=None):
        """Read the network of a training run, and count it as a training saved.

        Parameters
        ----------
        key : str
            The key of the run.

        level : SharedLevel or None, default=None
            Where it is looked up if it is not in this store; it is then kept here.

        Returns
        -------
        blob : bytes or None
            None if there is no such run, or if it is damaged.
        """
        found = self.runs.read(key)
        if found is None and level is not None:
            found = level.read_run(key)
            if found is not None and not self.breaker.is_tripped(writing=True):
                self.runs.write(key, *found)
        if found is None:
            return None
        blob, seconds = found
        self.counters.add(trainings_saved=1, seconds_saved=seconds)
        self.flush()
        return blob

    def write_run(self, key, blob, seconds):
        """Write the network of a training run, and count the training.

        Parameters
        ----------
        key : str
            The key of the run.

        blob : bytes
            The network.

        seconds : float
            The time that the training took.
        """
        self.counters.add(trainings=1)
        if not self.breaker.is_tripped(writing=True):
            self.runs.write(key, blob, seconds)
        self.flush()

    @contextlib.contextmanager
    def run_lock(self, key):
        """Let one thread of all processes at a time train the network of a key.

        Parameters
        ----------
        key : str
            The key of the run.
        """
        with contextlib.ExitStack() as stack:
            try:
                os.makedirs(self.folder, exist_ok=True)
                stack.enter_context(self.locks.hold(f"run {key}"))
            except OSError as error:
                # Without the lock, two processes may train the same network, with the same result.
                self.breaker.trip(error, writing=True)
            yield

    def flush_if_due(self):
        """Write counters and last uses to the database from time to time, without waiting."""
        uses_are_due = self.last_uses.is_due()
        if uses_are_due or time.monotonic() - self._counters_written_at > _COUNTERS_SECONDS:
            self._try_flush(with_uses=uses_are_due)

    def flush(self):
        """Write the counters to the database, and wait a little for that."""
        if not self.counters.pending():
            return
        if not self.database.run(lambda connection: True):  # opens it
            return
        deadline = time.monotonic() + _FLUSH_SECONDS
        while not self._try_flush(with_uses=False) and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self):
        """Write counters and last uses to the database, and close the connections."""
        self._try_flush(with_uses=True)
        self.database.close_idle()

    def _try_flush(self, *, with_uses):
        """Write to the database if no other process writes; return whether that was done."""
        self._counters_written_at = time.monotonic()
        counts = self.counters.pop_pending()

        def write(connection):
            write_counts(connection, counts)
            if with_uses:
                self.last_uses.write(connection)

        done = self.database.run_if_free(write)
        if not done:
            self.counters.restore_pending(counts)
        return done
