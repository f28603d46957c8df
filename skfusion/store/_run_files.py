"""RunFiles: trained networks on disk, one file for each training run."""

import contextlib
import os
import secrets
import struct
import time
from hashlib import blake2b

from skfusion._utils.atomic_write import write_atomically

# The digit is the version of this format. Files of another version are not read.
_MAGIC = b"skfusion run 1\n"
_HEADER = struct.Struct("<dQ16s")  # seconds, length, checksum
_SUFFIX, _UNFINISHED = ".run", ".part"
_ABANDONED_SECONDS = 86400


class RunFiles:
    """Read and write blobs in the files of a folder, by key.

    A network may have hundreds of megabytes, which in the database would all pass through its log.
    A file appears under its name when it is complete, and a checksum detects damage.

    Parameters
    ----------
    folder : str
        Where the files are; created with the first file.

    breaker : CircuitBreaker
        Receives errors.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._circuit_breaker import CircuitBreaker
    >>> from skfusion.store._run_files import RunFiles
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     runs = RunFiles(folder, CircuitBreaker(folder))
    ...     runs.write("key", b"a network", seconds=2.5)
    ...     print(runs.read("key"))
    True
    (b'a network', 2.5)
    """

    def __init__(self, folder, breaker):
        self._folder = folder
        self._breaker = breaker

    def read(self, key):
        """Read a run.

        Parameters
        ----------
        key : str
            The key of the run.

        Returns
        -------
        run : tuple (bytes, float) or None
            The blob, and the seconds that the training took. None if there is no such run, or if
            its file is damaged.
        """
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                found = decode_run(key, file.read())
        except OSError:
            return None
        if found is None:
            with contextlib.suppress(OSError):
                os.unlink(path)
            self._breaker.warn_once(
                "damaged run",
                "A trained network in the feature store at {} was damaged and is trained again.",
            )
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of its last use
        return found

    def write(self, key, blob, seconds):
        """Write a run, and return whether it was written.

        Parameters
        ----------
        key : str
            The key of the run.

        blob : bytes
            The network.

        seconds : float
            The time that the training took.
        """
        unfinished = f"{self._path(key)}.{secrets.token_hex(4)}{_UNFINISHED}"
        try:
            os.makedirs(self._folder, exist_ok=True)
            self._remove_abandoned()
            parts = _encode_header(key, blob, seconds), blob
            write_atomically(
                self._path(key), lambda path: _write_parts(path, parts), unfinished=unfinished
            )
        except OSError as error:
            self._breaker.trip(error, writing=True)
            return False
        return True

    def entries(self):
        """Return path, bytes and time of last use (in microseconds since 1970) of each run."""
        found = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX):
                    with contextlib.suppress(OSError):  # removed meanwhile
                        about = entry.stat()
                        found.append((entry.path, about.st_size, about.st_mtime_ns // 1000))
        return found

    def _path(self, key):
        name = blake2b(key.encode(), digest_size=16).hexdigest()
        return os.path.join(self._folder, name + _SUFFIX)

    def _remove_abandoned(self):
        """Remove files of processes that died while they wrote them."""
        now = time.time()
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_UNFINISHED):
                    with contextlib.suppress(OSError):
                        if now - entry.stat().st_mtime > _ABANDONED_SECONDS:
                            os.unlink(entry.path)


def _write_parts(path, parts):
    with open(path, "xb") as file:
        file.writelines(parts)


def encode_run(key, blob, seconds):
    """Return a run as the bytes of a file."""
    return _encode_header(key, blob, seconds) + blob


def _encode_header(key, blob, seconds):
    return _MAGIC + _HEADER.pack(seconds, len(blob), _checksum(key, blob, seconds))


def decode_run(key, content):
    """Return blob and seconds from the bytes of a file; None if they are damaged."""
    start = len(_MAGIC) + _HEADER.size
    if len(content) < start or not content.startswith(_MAGIC):
        return None
    seconds, length, checksum = _HEADER.unpack(content[len(_MAGIC) : start])
    blob = content[start:]
    if length != len(blob) or _checksum(key, blob, seconds) != checksum:
        return None
    return blob, seconds


def _checksum(key, blob, seconds):
    digest = blake2b(struct.pack("<d", seconds), digest_size=16)
    digest.update(blake2b(key.encode(), digest_size=16).digest())
    digest.update(blob)
    return digest.digest()
