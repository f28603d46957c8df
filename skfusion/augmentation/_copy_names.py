"""Names of copies on disk, which contain the name of their original image."""

import os
import re

# The group of this pattern in a relative path is the same for an image and for its copies.
ORIGIN_PATTERN = r"^(.+?)(?:__aug\d+)?\.[^./]+$"
_COPY = re.compile(r"__aug\d+\.[^./]+$")


def is_copy(name):
    """Return whether a file has the name of a copy."""
    return _COPY.search(name) is not None


def copy_names(ids, origins, extension):
    """Name the copies of some images.

    Parameters
    ----------
    ids : sequence of str
        The relative path of each image, with ``/``.

    origins : sequence of int
        The position in `ids` of the image that each copy is made from.

    extension : str
        The file extension of the copies, with its dot.

    Returns
    -------
    names : list of str
        The path of each copy. Images of one folder whose names differ only in their extension
        share a sequence of numbers, so that no two copies have the same name.

    Examples
    --------
    >>> from skfusion.augmentation._copy_names import copy_names
    >>> copy_names(["rose/1.jpg", "rose/2.jpg"], [0, 0, 1], ".png")
    ['rose/1__aug000.png', 'rose/1__aug001.png', 'rose/2__aug000.png']
    """
    stems = [os.path.splitext(ids[origin])[0] for origin in origins]
    digits = max(3, len(str(len(stems))))
    seen, names = {}, []
    for stem in stems:
        number = seen.get(stem, 0)
        seen[stem] = number + 1
        names.append(f"{stem}__aug{number:0{digits}d}{extension}")
    return names
