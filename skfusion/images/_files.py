"""Find the file of a path, and open it without waiting for it."""

import os
import stat
from contextlib import contextmanager

_PAIR = {".hdr": ".img", ".img": ".hdr"}


def locate(cell, root=None, strict=False):
    """Return the path of the file that a cell names.

    Parameters
    ----------
    cell : str or PathLike
        The cell. A leading ``~`` is the home directory.

    root : str, PathLike or None, default=None
        The folder that relative paths start from; None is the working directory.

    strict : bool, default=False
        Whether to refuse files outside `root`: by an absolute path, by ``..`` or through a link.

    Returns
    -------
    path : str
        The path as it is written; with `strict`, without any links.

    Raises
    ------
    ValueError
        If the file is outside a strict root.
    """
    path = os.path.expanduser(os.fsdecode(cell))
    if root is not None:
        root = expand_root(root)
        path = os.path.join(root, path)
    if not strict:
        return path
    if root is None:
        raise ValueError("strict_root=True needs a root")
    try:
        folder, path = os.path.realpath(root), os.path.realpath(path)
        # The voxels of a pair (.hdr with .img) may be a link, too.
        ends = [path, *(os.path.realpath(file) for file in files_of(path))]
    except (OSError, ValueError) as error:
        raise ValueError(f"the path can't be used ({_why(error)})") from None
    inside = os.path.normcase(os.path.join(folder, ""))
    if not all(os.path.normcase(end).startswith(inside) for end in ends):
        raise ValueError("it lies outside the reader's root, and strict_root=True forbids that")
    return path


def expand_root(root):
    """Return a root as text, with ``~`` replaced by the home directory."""
    return os.path.expanduser(os.fsdecode(root))


def files_of(path):
    """Return the files that hold an image: [path], or header and voxels of a NIfTI pair."""
    path = os.fspath(path)
    stem, suffix = os.path.splitext(path)
    other = _PAIR.get(suffix.lower())
    if other is None:
        return [path]
    partner = stem + (other.upper() if suffix.isupper() else other)
    if not os.path.isfile(partner):
        return [path]
    return [path, partner] if other == ".img" else [partner, path]


def is_half_of_a_pair(path):
    """Return whether the name of a file is that of a NIfTI header or of its voxels."""
    return os.path.splitext(os.fspath(path))[1].lower() in _PAIR


def check_regular_file(path):
    """Refuse anything but a file before it is opened: opening a device can have effects."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise ValueError("no such file") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"the path can't be used ({_why(error)})") from None
    _check_mode(mode)


@contextmanager
def open_file(path):
    """Open a regular file for reading; never wait, whatever replaces the file meanwhile."""
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


def _why(error):
    """Return the reason without the path, which the message names already."""
    return getattr(error, "strerror", None) or str(error)
