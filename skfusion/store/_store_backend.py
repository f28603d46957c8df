"""StoreBackend: what all stores of one path share in one process."""

import atexit
import os
import threading
import time
from collections import OrderedDict
from typing import Any

from skfusion.store._circuit_breaker import CircuitBreaker
from skfusion.store._counters import Counters, write_counts
from skfusion.store._database import Database
from skfusion.store._database_file import DatabaseFile
from skfusion.store._file_locks import FileLocks
from skfusion.store._fork_guard import ForkGuard
from skfusion.store._runs import RunFiles
from skfusion.store._usage import LastUses

# Stores that keep their connections open; a process that uses more of them opens some anew.
_MOST_OPEN = 8
# How often counters are written down, and how long `flush` tries.
_COUNT_SECONDS, _FLUSH_SECONDS = 1.0, 1.0


class StoreBackend:
    """Database, files, locks and counters of one store in this process.

    Parameters
    ----------
    folder : str
        The real path of the store.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._store_backend import find_core
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(find_core(folder) is find_core(folder + "/."))
    True
    """

    def __init__(self, folder):
        self.folder = folder
        self.troubles = CircuitBreaker(folder)
        self.locks = FileLocks(os.path.join(folder, "locks"))
        file = DatabaseFile(folder, self.locks, self.troubles)
        self.database = Database(file, self.troubles, _GATE)
        self.runs = RunFiles(os.path.join(folder, "runs"), self.troubles)
        self.counters = Counters()
        self.uses = LastUses()
        self._counted = time.monotonic()

    def write_down_soon(self):
        """Write counters and last uses down if that is due and nobody else writes."""
        if self.uses.due() or time.monotonic() - self._counted > _COUNT_SECONDS:
            self.write_down(with_uses=self.uses.due())

    def write_down(self, *, with_uses=True):
        """Write counters and last uses down if nobody else writes; whether that was done."""
        self._counted = time.monotonic()
        taken = self.counters.take()

        def work(connection):
            write_counts(connection, taken)
            if with_uses:
                self.uses.write_down(connection)

        done = self.database.run_if_free(work)
        if not done:
            self.counters.give_back(taken)
        return done

    def flush(self):
        """Write the counters down, and wait a little for that."""
        if not self.counters.pending():
            return
        if not self.database.run(lambda connection: True):  # opens it
            return
        deadline = time.monotonic() + _FLUSH_SECONDS
        while not self.write_down(with_uses=False) and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self):
        """Write down what is not yet, and close the connections."""
        self.write_down()
        self.database.close_idle()


def find_core(path):
    """The core of a path in this process.

    Parameters
    ----------
    path : str
        The folder of a store, by any name that leads to it.
    """
    real = os.path.realpath(path)
    with _REGISTRY:
        core = _CORES.get(real)
        if core is None:
            core = _CORES[real] = StoreBackend(real)
        _CORES.move_to_end(real)
        surplus = list(_CORES.values())[:-_MOST_OPEN]
    for other in surplus:
        if other.database.is_open():
            other.close()
    return core


_GATE = ForkGuard()
_REGISTRY = threading.Lock()
_CORES: OrderedDict[Any, Any] = OrderedDict()


def _before_fork():
    _REGISTRY.acquire()
    _GATE.shut()
    for core in _CORES.values():
        core.database.close_idle()


def _after_fork_in_parent():
    _GATE.open()
    _REGISTRY.release()


def _after_fork_in_child():
    """Begin anew: locks, counters and marks are those of the process that forked."""
    global _GATE, _REGISTRY, _CORES
    _GATE, _REGISTRY, _CORES = ForkGuard(), threading.Lock(), OrderedDict()


@atexit.register
def _at_exit():
    for core in list(_CORES.values()):
        core.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
