"""Names of copies on disk, which keep the name of their origin."""

import os
import re

# What matches in a path from the folder on is the same for an image and for its copies.
ORIGIN_PATTERN = r"^(.+?)(?:__aug\d+)?\.[^./]+$"
_COPY = re.compile(r"__aug\d+\.[^./]+$")


def is_copy(name):
    """Whether a file is named as a copy is."""
    return _COPY.search(name) is not None


def copy_names(ids, origins, ending):
    """Name the copies of some images.

    Parameters
    ----------
    ids : sequence of str
        The path of each image, with ``/``.

    origins : sequence of int
        The position in `ids` of what each copy is made from.

    ending : str
        The ending of the copies, with its dot.

    Returns
    -------
    names : list of str
        The path of each copy. Images of one folder whose names differ in their endings alone
        share their numbers, so that no two copies have one name.

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
        names.append(f"{stem}__aug{number:0{digits}d}{ending}")
    return names
