"""PathMemo: the digests of files that were read before."""

import contextlib
import os
import struct
import time
import zlib
from hashlib import blake2b

from skfusion._utils.file_state import FileState
from skfusion.store._rows import in_groups

# Two changes of a file within one tick of the file system's clock leave the same times. FAT has
# the coarsest clock: two seconds.
RACY_NS = 2_000_000_000
_RECORD = struct.Struct("<QqqQq16s")
_CHECKSUM = struct.Struct("<I")


class PathMemo:
    """Remember the digests of files, by path, for as long as the files look the same.

    As in git's index, an entry holds size, inode and times of a file. A file that changed shortly
    before it was read gets no entry, since a later change could leave the same times.

    Parameters
    ----------
    backend : StoreBackend
        The store whose database holds the entries.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion import FeatureStore
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     FeatureStore(folder).path_memo.find(["/no/such/file"], [None])
    [None]
    """

    def __init__(self, backend):
        self._backend = backend

    def now_ns(self):
        """Return the time to pass to `add`, in nanoseconds since 1970.

        It is the earlier one of the process's and the file system's clock, which may differ, or 0
        where the latter can't be read; the store can't be written to then.
        """
        path = os.path.join(self._backend.folder, "clock")
        try:
            if not os.path.exists(path):
                open(path, "ab").close()
            os.utime(path)
            return min(os.stat(path).st_mtime_ns, time.time_ns())
        except OSError:
            return 0

    def find(self, paths, states):
        """Return the digests of files that have not changed since they were added.

        Parameters
        ----------
        paths : list of str
            Absolute paths.

        states : list of (FileState or None)
            The state of each file now. None is never found.

        Returns
        -------
        digests : list of (bytes or None)
            None for files that are not found.
        """
        keys = [
            None if state is None else _key(path) for path, state in zip(paths, states, strict=True)
        ]
        distinct = list({key for key in keys if key is not None})
        found = dict(self._backend.database.run(lambda c: _select(c, distinct), []))
        now = time.time_ns()
        return [
            _decode(key, found[key], state, now) if key in found else None
            for key, state in zip(keys, states, strict=True)
        ]

    def add(self, entries):
        """Add the digests of files.

        Parameters
        ----------
        entries : list of tuple (str, FileState, int, bytes)
            Absolute path, state before and after reading, time before reading (see `now_ns`) and
            digest, of 16 bytes. Files that changed shortly before that time are left out.
        """
        kept = []
        for path, state, hashed_ns, digest in entries:
            if not is_racy(state, hashed_ns):
                key = _key(path)
                kept.append((key, hashed_ns // 1000, _encode(key, state, hashed_ns, digest)))
        if kept:
            statement = "INSERT OR REPLACE INTO paths (key, hashed, value) VALUES (?, ?, ?)"
            self._backend.database.run(
                lambda c: c.executemany(statement, kept) and None, write=True
            )


def is_racy(state, hashed_ns):
    """Return whether a file may have changed after it was read, and still look the same."""
    return max(state.mtime_ns, state.ctime_ns) > hashed_ns - RACY_NS


def _key(path):
    return blake2b(os.fsencode(path), digest_size=16).digest()


def _select(connection, keys):
    found = []
    for group, marks in in_groups(keys):
        found += connection.execute(
            f"SELECT key, value FROM paths WHERE key IN ({marks})", group
        ).fetchall()
    return found


def _encode(key, state, hashed_ns, digest):
    record = _RECORD.pack(*state, hashed_ns, digest)
    return record + _CHECKSUM.pack(zlib.crc32(record, zlib.crc32(key)))


def _decode(key, value, state, now_ns):
    """Return the digest of an entry that is valid and whose file looks the same; else None."""
    with contextlib.suppress(struct.error, TypeError):
        record, (checksum,) = value[:-4], _CHECKSUM.unpack(value[-4:])
        *fields, hashed_ns, digest = _RECORD.unpack(record)
        valid = checksum == zlib.crc32(record, zlib.crc32(key))
        # An entry from the future: the clock went back, and the same times may come again.
        if valid and FileState(*fields) == state and hashed_ns <= now_ns:
            return digest
    return None
