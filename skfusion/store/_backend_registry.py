"""BackendRegistry: one StoreBackend for each folder in each process."""

import atexit
import os
import threading
from collections import OrderedDict

from skfusion._utils.process_local import ProcessLocal, register_at_fork
from skfusion.store._fork_guard import ForkGuard
from skfusion.store._store_backend import StoreBackend

# How many backends keep their connections open. The others open one for each query.
_MAX_OPEN = 8


class BackendRegistry:
    """The backends of one process, by the real path of their folders."""

    def __init__(self):
        self._lock = threading.Lock()
        self._fork_guard = ForkGuard()
        self._backends = OrderedDict()

    def get(self, path):
        """Return the backend of a folder.

        Parameters
        ----------
        path : str or PathLike
            Any path of the folder.
        """
        real = os.path.realpath(path)
        with self._lock:
            backend = self._backends.get(real)
            if backend is None:
                backend = self._backends[real] = StoreBackend(real, self._fork_guard)
            self._backends.move_to_end(real)
            surplus = list(self._backends.values())[:-_MAX_OPEN]
        for other in surplus:
            if other.database.is_open():
                other.close()
        return backend

    def close(self):
        """Close all backends."""
        for backend in list(self._backends.values()):
            backend.close()

    def before_fork(self):
        """Wait for running queries and close all connections."""
        self._lock.acquire()
        self._fork_guard.before_fork()
        for backend in self._backends.values():
            backend.database.close_idle()

    def after_fork_in_parent(self):
        """Let queries begin again."""
        self._fork_guard.after_fork()
        self._lock.release()


def get_backend(path):
    """Return the backend of a folder in this process.

    Parameters
    ----------
    path : str or PathLike
        Any path of the folder.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._backend_registry import get_backend
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(get_backend(folder) is get_backend(folder + "/."))
    True
    """
    return _REGISTRY.get().get(path)


_REGISTRY = ProcessLocal(BackendRegistry)
register_at_fork(
    before=lambda: _REGISTRY.get().before_fork(),
    after_in_parent=lambda: _REGISTRY.get().after_fork_in_parent(),
)


@atexit.register
def _close_at_exit():
    registry = _REGISTRY.get_if_built()
    if registry is not None:
        registry.close()
