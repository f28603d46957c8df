"""FileLocks: named locks between threads and processes, all of them in one file."""

import errno
import os
import threading
import time
from contextlib import contextmanager
from hashlib import blake2b

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # checked before it is used
    import msvcrt

_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.002, 0.1
_HELD_ELSEWHERE = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FileLocks:
    """Named locks between the threads of this process and between processes.

    Each name is one byte of one file, far beyond the end of the file, so the file never grows. A
    lock belongs to the process, not to the open file: the system releases it when the process dies,
    and a child that is forked meanwhile does not hold it.

    Parameters
    ----------
    path : str
        The file; created on first use. Nothing else may open it, since closing a file releases all
        locks that a process holds in it.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._file_locks import FileLocks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     locks = FileLocks(folder + "/locks")
    ...     with locks.hold("a network") as waited:
    ...         print(waited)
    False
    """

    def __init__(self, path):
        self._path = path
        self._mutex = threading.Lock()
        self._locks = {}  # name -> _ThreadLock
        self._file, self._n_holders = None, 0

    @contextmanager
    def hold(self, name, timeout=None):
        """Hold a lock inside this context.

        Parameters
        ----------
        name : str
            The name of the lock. A thread that holds it may acquire it again.

        timeout : float or None, default=None
            The longest time to wait, in seconds. None waits for ever.

        Yields
        ------
        waited : bool
            Whether another thread or process held the lock.

        Raises
        ------
        TimeoutError
            If the lock was not released in time.

        OSError
            If the file can't be created or locked.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._hold_in_process(name, timeout) as (lock, waited):
            if lock.depth:
                yield False
                return
            waited |= self._acquire_file(name, deadline)
            lock.depth = 1
            try:
                yield waited
            finally:
                lock.depth = 0
                self._release_file(name)

    @contextmanager
    def _hold_in_process(self, name, timeout):
        """Hold the lock among the threads of this process."""
        with self._mutex:
            lock = self._locks.setdefault(name, _ThreadLock())
            lock.n_users += 1
        waited = False
        try:
            if not lock.mutex.acquire(blocking=False):
                waited = True
                if not lock.mutex.acquire(timeout=-1 if timeout is None else timeout):
                    raise TimeoutError("another thread holds its lock")
            try:
                yield lock, waited
            finally:
                lock.mutex.release()
        finally:
            with self._mutex:
                lock.n_users -= 1
                if not lock.n_users:
                    del self._locks[name]

    def _acquire_file(self, name, deadline):
        """Lock the byte of a name; return whether another process held it."""
        with self._mutex:
            if self._file is None:
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
            self._n_holders += 1
        pause, waited = _FIRST_PAUSE_SECONDS, False
        try:
            # By polling: a wait inside the system has no timeout.
            while not self._try_lock(name):
                waited = True
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError("another process holds its lock")
                time.sleep(pause)
                pause = min(2 * pause, _MAX_PAUSE_SECONDS)
        except BaseException:
            self._release_file(None)
            raise
        return waited

    def _try_lock(self, name):
        with self._mutex:
            return _lock(self._file, _position(name))

    def _release_file(self, name):
        """Unlock the byte of a name; None if it was not locked."""
        with self._mutex:
            if name is not None:
                _unlock(self._file, _position(name))
            self._n_holders -= 1
            if not self._n_holders:
                # Not earlier: closing the file releases all locks of this process in it.
                self._file.close()
                self._file = None


class _ThreadLock:
    """A lock between the threads of this process."""

    def __init__(self):
        self.mutex = threading.RLock()
        self.depth = 0
        self.n_users = 0


def _position(name):
    """Return the position of a name's byte: 31 bits, the limit of some file systems."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") >> 1


def _lock(file, position):
    """Return whether one byte could be locked; raise OSError where locks don't work at all."""
    try:
        if fcntl is not None:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, position)
        else:
            os.lseek(file.fileno(), position, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in _HELD_ELSEWHERE:
            return False
        raise
    return True


def _unlock(file, position):
    if fcntl is not None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, position)
    else:
        os.lseek(file.fileno(), position, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
