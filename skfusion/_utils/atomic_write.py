"""Files that are there as a whole or not at all."""

import contextlib
import os
import secrets


def write_atomically(path, write, *, unfinished=None):
    """Write a file with ``write(path)``; it gets its name when it is whole.

    What stood there before stays until then, and stays where writing fails.

    Parameters
    ----------
    path : str or PathLike
        The file.

    write : callable
        Writes to the path that it is given, which lies in the same folder.

    unfinished : str, default=None
        The path that `write` is given; None takes a new one, so that processes that write the same
        file don't meet. It keeps the ending of `path`, which may tell `write` the format.

    Examples
    --------
    >>> import os, tempfile
    >>> from skfusion._utils.atomic_write import write_atomically
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(os.path.join(folder, "a.txt"), lambda path: open(path, "w").close())
    ...     os.listdir(folder)
    ['a.txt']
    """
    if unfinished is None:
        folder, name = os.path.split(os.fspath(path))
        unfinished = os.path.join(folder, f".part_{secrets.token_hex(4)}_{name}")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
