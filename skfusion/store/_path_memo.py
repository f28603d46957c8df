"""PathMemo: which content a file had when it was last read, so that it need not be read again."""

import contextlib
import os
import struct
import time
import zlib
from hashlib import blake2b
from typing import NamedTuple

from skfusion.store._rows import in_groups

# A file that is changed twice within one tick of the file system's clock shows the same times
# before and after. FAT has the coarsest clock: two seconds.
RACY_NS = 2_000_000_000
_RECORD = struct.Struct("<QqqQq16s")
_CHECKSUM = struct.Struct("<I")
_64_BITS = (1 << 64) - 1


class FileState(NamedTuple):
    """What the file system tells of a file without opening it."""

    size: int
    mtime_ns: int
    # Set by the system at each change, whereas anyone can set mtime back.
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, stat):
        """From the result of ``os.stat``."""
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino & _64_BITS)

    def is_racy(self, hashed_ns):
        """Whether the file may have changed after it was read, and still look the same."""
        return max(self.mtime_ns, self.ctime_ns) > hashed_ns - RACY_NS


class PathMemo:
    """Remember digests of files by path, as long as the files look the same.

    As git's index does: an entry is for a size, an inode and times; it is not made for a file
    that changed shortly before it was read, since a later change could leave the same times.

    Parameters
    ----------
    core : StoreBackend
        Whose database holds the memo.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.store._store_backend import find_core
    >>> from skfusion.store._path_memo import PathMemo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     PathMemo(find_core(folder)).recall(["/no/such/file"], [None])
    [None]
    """

    def __init__(self, core):
        self._core = core

    def now_ns(self):
        """The time before which a file must have changed for its entry to be made.

        The earlier one of the process's clock and the file system's, which may differ. Where the
        latter can't be read, the store can't be written to either.
        """
        path = os.path.join(self._core.folder, "clock")
        try:
            if not os.path.exists(path):
                open(path, "ab").close()
            os.utime(path)
            return min(os.stat(path).st_mtime_ns, time.time_ns())
        except OSError:
            return 0

    def recall(self, paths, states):
        """The digests of files that look as they did; None for the others.

        Parameters
        ----------
        paths : list of str
            Absolute paths.

        states : list of (FileState or None)
            What the files look like now.
        """
        keys = [
            None if state is None else _key(path) for path, state in zip(paths, states, strict=True)
        ]
        wanted = list({key for key in keys if key is not None})
        known = dict(self._core.database.run(lambda c: _select(c, wanted), []))
        now = time.time_ns()
        return [
            _decode(key, known[key], state, now) if key in known else None
            for key, state in zip(keys, states, strict=True)
        ]

    def remember(self, entries):
        """Make entries.

        Parameters
        ----------
        entries : list of tuple (str, FileState, int, bytes)
            Absolute path, what the file looked like before and after it was read, when the
            reading began (`now_ns`) and the digest. Racy ones are left out.
        """
        kept = []
        for path, state, hashed_ns, digest in entries:
            if not state.is_racy(hashed_ns):
                key = _key(path)
                kept.append((key, hashed_ns // 1000, _encode(key, state, hashed_ns, digest)))
        if kept:
            statement = "INSERT OR REPLACE INTO paths (key, hashed, value) VALUES (?, ?, ?)"
            self._core.database.run(lambda c: c.executemany(statement, kept) and None, write=True)


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
    """The digest, if the entry is whole and the file looks the same."""
    with contextlib.suppress(struct.error, TypeError):
        record, (checksum,) = value[:-4], _CHECKSUM.unpack(value[-4:])
        *fields, hashed_ns, digest = _RECORD.unpack(record)
        whole = checksum == zlib.crc32(record, zlib.crc32(key))
        # After now: the clock went back, and may pass the same times again.
        if whole and FileState(*fields) == state and hashed_ns <= now_ns:
            return digest
    return None
