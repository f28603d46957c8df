"""Locks by name between threads and processes, all of them in one file."""

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

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.1  # seconds
_HELD_ELSEWHERE = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FileLocks:
    """Named locks that hold between the threads of this process and between processes.

    A name is one byte of one file, far beyond its end: the file never grows, however many names
    there are. The lock belongs to the process, not to the open file: the system drops it when the
    holder dies, and a process forked meanwhile doesn't hold it too.

    Parameters
    ----------
    path : str
        The file; made when it is first needed. Nothing else may open it, since closing a file
        drops all locks of a process in it.

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
        self._held = {}  # name -> _Held
        self._file, self._n_holders = None, 0

    @contextmanager
    def hold(self, name, seconds=None):
        """Hold a lock for a while.

        Parameters
        ----------
        name : str
            Which lock. A thread that holds it may ask for it again.

        seconds : float or None, default=None
            How long to wait at most.

        Yields
        ------
        waited : bool
            Whether another thread or process held it before.

        Raises
        ------
        TimeoutError
            If it was not free in time.

        OSError
            If the file can't be made or locked.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._among_threads(name, seconds) as (held, waited):
            if held.depth:
                yield False
                return
            waited |= self._among_processes(name, deadline)
            held.depth = 1
            try:
                yield waited
            finally:
                held.depth = 0
                self._leave(name)

    @contextmanager
    def _among_threads(self, name, seconds):
        with self._mutex:
            held = self._held.setdefault(name, _Held())
            held.n_users += 1
        waited = False
        try:
            if not held.lock.acquire(blocking=False):
                waited = True
                if not held.lock.acquire(timeout=-1 if seconds is None else seconds):
                    raise TimeoutError("another thread holds its lock")
            try:
                yield held, waited
            finally:
                held.lock.release()
        finally:
            with self._mutex:
                held.n_users -= 1
                if not held.n_users:
                    del self._held[name]

    def _among_processes(self, name, deadline):
        """Take the lock in the file; whether that meant to wait."""
        self._join()
        pause, waited = _FIRST_PAUSE, False
        try:
            # Asked for again and again: a wait inside the system could not end in time, nor does
            # the system know that two threads of one process are two.
            while not self._taken(name):
                waited = True
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError("another process holds its lock")
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        except BaseException:
            self._leave(None)
            raise
        return waited

    def _join(self):
        with self._mutex:
            if self._file is None:
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
            self._n_holders += 1

    def _leave(self, name):
        with self._mutex:
            if name is not None:
                _unlock(self._file, _position(name))
            self._n_holders -= 1
            if not self._n_holders:
                # Not before: closing the file drops every lock of this process in it.
                self._file.close()
                self._file = None

    def _taken(self, name):
        with self._mutex:
            return _lock(self._file, _position(name))


class _Held:
    """The lock of one name among the threads of this process."""

    def __init__(self):
        self.lock = threading.RLock()
        self.depth = 0
        self.n_users = 0


def _position(name):
    """The byte that stands for a name; 31 bits, since not every file system goes beyond."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") >> 1


def _lock(file, position):
    """Whether one byte of the file could be locked; OSError where locks don't work at all."""
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
