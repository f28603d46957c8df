"""Which columns of a table hold images."""

import os

import numpy as np
from PIL import Image

from skfusion.images._image_column import is_missing
from skfusion.images._image_reader import ImageReader
from skfusion.images.formats._extensions import ends_like_image

# So many cells decide what a column holds.
_LOOKED_AT = 50


def find_image_columns(columns):
    """Find the columns whose cells are images, or paths of images.

    Parameters
    ----------
    columns : sequence of sequence
        The cells of each column.

    Returns
    -------
    positions : list of int
        Where those stand of whose first 50 cells, missing ones left out, most are images. Paths
        are known by their ends, files are not opened; an address on the network
        (``https://...``) is no path.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._find_columns import find_image_columns
    >>> scans = [None, np.zeros((8, 8), dtype="uint8")]
    >>> find_image_columns([["a", "b"], scans, [1.5, 2.5], ["a.png", "b.jpg"]])
    [1, 3]
    """
    return [i for i, cells in enumerate(columns) if _holds_images(cells)]


def _holds_images(cells):
    dtype = getattr(cells, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return False
    looked_at = []
    for cell in cells:
        if not is_missing(cell):
            looked_at.append(_is_image(cell))
        if len(looked_at) == _LOOKED_AT:
            break
    return sum(looked_at) > len(looked_at) / 2


def _is_image(cell):
    if isinstance(cell, (list, tuple)):
        held = [item for item in cell if not is_missing(item)]
        return bool(held) and all(_is_image(item) for item in held)
    if isinstance(cell, np.ndarray):
        return cell.ndim in (2, 3) and cell.dtype.kind in "biuf"
    if isinstance(cell, str):
        return ends_like_image(cell) and "://" not in cell
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return _begins_like_image(bytes(cell))
    if isinstance(cell, (os.PathLike, Image.Image)):
        return True
    return type(cell).__module__.split(".")[0] in {"pydicom", "nibabel"}


def _begins_like_image(content):
    try:
        ImageReader().probe(content)
    except (ValueError, ImportError):
        return False
    return True
