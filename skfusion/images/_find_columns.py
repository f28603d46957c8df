"""Find the columns of a table that hold images."""

import numpy as np

from skfusion._utils.urls import scheme_of
from skfusion.images.formats._extensions import ends_like_image
from skfusion.images.sources._find_source import find_source, is_missing

# So many cells decide whether a column holds images.
_LOOKED_AT = 50


def find_image_columns(columns, schemes=frozenset()):
    """Find the columns whose cells are images, or paths of images.

    Parameters
    ----------
    columns : sequence of sequence
        The cells of each column.

    schemes : frozenset of str, default=frozenset()
        The schemes of URLs that count as paths.

    Returns
    -------
    positions : list of int
        The positions of columns of whose first 50 cells, without missing ones, most are images.
        Paths are recognized by their endings, files are not opened.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._find_columns import find_image_columns
    >>> scans = [None, np.zeros((8, 8), dtype="uint8")]
    >>> find_image_columns([["a", "b"], scans, [1.5, 2.5], ["a.png", "b.jpg"]])
    [1, 3]
    """
    return [i for i, cells in enumerate(columns) if _holds_images(cells, schemes)]


def _holds_images(cells, schemes):
    dtype = getattr(cells, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return False
    looked_at = []
    for cell in cells:
        if not is_missing(cell):
            looked_at.append(_is_image(cell, schemes))
        if len(looked_at) == _LOOKED_AT:
            break
    return sum(looked_at) > len(looked_at) / 2


def _is_image(cell, schemes):
    if isinstance(cell, (list, tuple)):
        held = [item for item in cell if not is_missing(item)]
        return bool(held) and all(_is_image(item, schemes) for item in held)
    source = find_source(cell)
    if source.url is not None:
        path = source.describe().removesuffix("?...")
        return scheme_of(source.url) in schemes and ends_like_image(path)
    return source.looks_like_image()
