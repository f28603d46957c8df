"""Find the images of a folder, in an order that doesn't depend on the file system."""

import os
import unicodedata
from collections import Counter
from typing import Any, NamedTuple

from skfusion.images.formats._extensions import IMAGE_ENDINGS
from skfusion.images.formats._signature import HEAD_LENGTH, begins_like_image


class Scan(NamedTuple):
    """The images of a folder.

    Parameters
    ----------
    names : list of tuple of str
        Each image's path from the folder on, in parts, sorted.

    skipped : dict of str to int
        How many files were left out, by reason.
    """

    names: list[Any]
    skipped: dict[str, Any]


def scan_folder(path):
    """Find the images of a folder and of all folders in it.

    Parameters
    ----------
    path : str
        The folder.

    Returns
    -------
    scan : Scan
        Images are sorted by the parts of their path: by code point, whatever the language and
        the file system, with accents in the one form or the other.

    Raises
    ------
    OSError
        If it is no folder, or if a folder in it can't be read.
    """
    names, skipped = [], Counter()
    inside = os.path.join(os.path.realpath(path), "")
    waiting = [()]
    while waiting:
        parts = waiting.pop()
        with os.scandir(os.path.join(path, *parts)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and not is_hidden(entry.name):
                    waiting.append((*parts, entry.name))
                    continue
                reason = _why_not(entry, inside)
                if reason is None:
                    names.append((*parts, entry.name))
                else:
                    skipped[reason] += 1
    return Scan(sorted(names, key=sort_key), dict(sorted(skipped.items())))


def sort_key(parts):
    """Return the key by which the paths of images are sorted."""
    # An accented letter is one code point or two, depending on where the file was written.
    return [unicodedata.normalize("NFC", part) for part in parts], parts


def is_hidden(name):
    """Return whether a file or folder of this name is left out."""
    return name.startswith((".", "__MACOSX")) or name in ("Thumbs.db", "desktop.ini")


def _why_not(entry, inside):
    """Return why a file is left out; None for an image."""
    if is_hidden(entry.name):
        return "hidden"
    if entry.is_symlink():
        target = os.path.realpath(entry.path)
        if not target.startswith(inside) or os.path.isdir(target):
            return "link"
    if not entry.is_file() or not _is_image(entry):
        return "not an image"
    return None


def _is_image(entry):
    """Return whether a file is an image by its name or, where that is open, by its first bytes."""
    if entry.name.lower().endswith(IMAGE_ENDINGS):
        return True  # one that is damaged is an error when it is read, not a file too few
    if entry.name.lower().endswith(".img"):
        return False  # the voxels of a .hdr, which is the image
    try:
        with open(entry.path, "rb") as file:
            head = file.read(HEAD_LENGTH)
    except OSError:
        return False
    return begins_like_image(head)
