"""Which columns of a table hold pictures."""

import os

import numpy as np
from PIL import Image

from skfusion.images._column import is_missing

# Endings by which a path counts as one of a picture. Only names are looked at, never files.
_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".png", ".apng", ".gif", ".bmp", ".dib"),
    *(".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".pcx"),
    *(".dcm", ".dicom", ".nii", ".nii.gz", ".hdr", ".img"),
)
_LOOKED_AT = 50


def find_image_columns(frame):
    """The names of the columns whose cells are pictures, or paths to pictures.

    Parameters
    ----------
    frame : DataFrame
        The table.

    Returns
    -------
    names : list
        In the table's order. The first 50 cells that aren't missing decide; an address on the
        network (``https://...``) is no path.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.fusion._image_columns import find_image_columns
    >>> find_image_columns(pd.DataFrame({"age": [61, 70], "scan": ["a.png", None]}))
    ['scan']
    """
    return [name for name in frame.columns if _holds_pictures(frame[name])]


def _holds_pictures(column):
    if column.dtype.kind in "biufcmM" or column.dtype.name == "category":
        return False
    cells = [cell for cell in column.head(10 * _LOOKED_AT) if not is_missing(cell)][:_LOOKED_AT]
    return bool(cells) and all(_is_picture(cell) for cell in cells)


def _is_picture(cell):
    if isinstance(cell, (list, tuple)):
        held = [item for item in cell if not is_missing(item)]
        return bool(held) and all(_is_picture(item) for item in held)
    if isinstance(cell, np.ndarray):
        return cell.ndim in (2, 3) if cell.dtype.kind in "biuf" else False
    if isinstance(cell, os.PathLike):
        return True
    if isinstance(cell, str):
        return cell.lower().endswith(_ENDINGS) and "://" not in cell
    if isinstance(cell, (bytes, bytearray, memoryview, Image.Image)):
        return True
    return type(cell).__module__.split(".")[0] in {"pydicom", "nibabel"}
