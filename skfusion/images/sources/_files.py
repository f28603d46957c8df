"""Where the file of a cell lies, and opening it without waiting for ever."""

import os
import stat
from contextlib import contextmanager

from skfusion.images.formats._medical_signature import files_of


def locate(cell, root=None, strict=False):
    """Where the file of a cell lies.

    Parameters
    ----------
    cell : str or PathLike
        The cell.

    root : str, PathLike or None, default=None
        The folder that relative paths start from; None is the working directory.

    strict : bool, default=False
        Whether files outside `root` are refused: by an absolute path, by ``..`` or through a link.

    Returns
    -------
    path : str
        As it is written; where `strict`, with all links resolved.

    Raises
    ------
    ValueError
        If the file is outside a strict root.
    """
    path = os.fsdecode(cell)
    if root is not None:
        path = os.path.join(os.fsdecode(root), path)
    if not strict:
        return path
    if root is None:
        raise ValueError("strict_root=True needs a root")
    try:
        folder, path = os.path.realpath(root), os.path.realpath(path)
        # The voxels of a pair (.hdr with .img) may be a link, too.
        ends = [path, *(os.path.realpath(file) for file in files_of(path))]
    except (OSError, ValueError) as error:
        raise ValueError(f"the path can't be used ({error})") from None
    inside = os.path.normcase(os.path.join(folder, ""))
    if not all(os.path.normcase(end).startswith(inside) for end in ends):
        raise ValueError("it lies outside the reader's root, and strict_root=True forbids that")
    return path


def check_regular_file(path):
    """Refuse what is no file before anything opens it: opening a device may do things."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise ValueError("no such file") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"the path can't be used ({error})") from None
    _check_mode(mode)


@contextmanager
def open_file(path):
    """Open a regular file for reading; never waits, whatever takes its place meanwhile."""
    check_regular_file(path)
    with open(path, "rb", opener=_without_waiting) as file:
        _check_mode(os.fstat(file.fileno()).st_mode)
        yield file


def _without_waiting(path, flags):
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_mode(mode):
    if stat.S_ISDIR(mode):
        raise ValueError("it is a directory")
    if not stat.S_ISREG(mode):
        raise ValueError("it is no regular file")
