"""file_stamp: whether a file was written again."""

import os


def file_stamp(path):
    """Return facts that change when a file is written again; None if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
