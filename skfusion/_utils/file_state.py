"""FileState: size, times and inode of a file."""

from typing import NamedTuple

_64_BITS = (1 << 64) - 1


class FileState(NamedTuple):
    """The attributes of a file that show whether its content has changed.

    Examples
    --------
    >>> import os
    >>> from skfusion._utils.file_state import FileState
    >>> FileState.of(os.stat(os.devnull)).size
    0
    """

    size: int
    mtime_ns: int
    # Set by the system at each change, whereas any program can set mtime to an earlier time.
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, stat):
        """Return the state in a result of `os.stat`."""
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino & _64_BITS)
