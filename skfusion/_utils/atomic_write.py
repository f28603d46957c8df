"""Files that are written completely or not at all."""

import contextlib
import os
import secrets

UNFINISHED = ".part_"  # the names of temporary files begin so


def write_atomically(path, write, *, unfinished=None):
    """Write a file that appears under its name when it is complete.

    An existing file is replaced at that moment, and is left unchanged if writing fails.

    Parameters
    ----------
    path : str or PathLike
        The file.

    write : callable
        Called with the path of a temporary file in the same folder, which it writes.

    unfinished : str or None, default=None
        The path of the temporary file. None chooses a new one, so that processes that write the
        same file at the same time don't interfere. It has the ending of `path`, since `write` may
        infer the format from it.

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
        unfinished = os.path.join(folder, f"{UNFINISHED}{secrets.token_hex(4)}_{name}")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
