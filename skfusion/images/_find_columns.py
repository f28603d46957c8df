"""Which columns of a table hold pictures."""

import numpy as np

from skfusion.images._column import is_missing

# So many cells are looked at before a column is taken for something else.
_TRIED = 5


def find_image_columns(columns, reader):
    """Find the columns whose cells are pictures, or paths of pictures.

    Parameters
    ----------
    columns : sequence of sequence
        The cells of each column.

    reader : ImageReader
        How paths are opened.

    Returns
    -------
    positions : list of int
        Where they stand. One cell that can be read is enough: it takes five others that can't be
        to hide it.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._find_columns import find_image_columns
    >>> from skfusion.images._reader import ImageReader
    >>> scans = [None, np.zeros((8, 8), dtype="uint8")]
    >>> find_image_columns([["a", "b"], scans, [1.5, 2.5]], ImageReader())
    [1]
    """
    return [i for i, cells in enumerate(columns) if _holds_pictures(cells, reader)]


def _holds_pictures(cells, reader):
    dtype = getattr(cells, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return False
    tried = 0
    for cell in cells:
        if is_missing(cell):
            continue
        if _is_picture(cell, reader):
            return True
        tried += 1
        if tried == _TRIED:
            break
    return False


def _is_picture(cell, reader):
    if np.isscalar(cell) and not isinstance(cell, (str, bytes)):
        return False
    try:
        reader.probe(cell)
    except (ValueError, ImportError):
        return False
    return True
