"""Images of a table, all in one size and encoding, so that their own hardly shows."""

import io

import numpy as np
from PIL import Image

from skfusion._utils.object_array import object_array
from skfusion.images._pixels import resize_pixels
from skfusion.reports._distinct_cells import map_distinct
from skfusion.reports.audit._audit_images import MISSING

# Half of the smallest size removes traces of earlier encodings; the quality of JPEG hides the rest.
_SHRINK, _QUALITY = 2, 50


def is_of_files(fact):
    """Return whether a fact is of the files, and not of their names or of their lack."""
    return not any(word in fact for word in (MISSING, "folder", "name has", "extension"))


def encode_alike(X, images, reader):
    """Return the rows with images in JPEG, in half of the smallest size of each column.

    Parameters
    ----------
    X : DataFrame
        The rows.

    images : AuditImages
        Their images.

    reader : ImageReader
        Reads the cells.

    Returns
    -------
    X : DataFrame
        Cells are bytes of files. Lists, and images that can't be read, are left as they are.
    """
    changed = {}
    for name in images.image_columns:
        known = images.of_column(name)
        sides = [known[side].dropna().astype(int).min() for side in ("height", "width")]
        size = tuple(max(1, int(side) // _SHRINK) for side in sides)
        cells = list(X[name])
        readable = set(known.index[known["place"] >= 0])
        encoded = map_distinct(
            lambda _, cell, size=size: _encode(reader, cell, size),
            [cell if row in readable else None for row, cell in enumerate(cells)],
            0,
            "encode",
        )
        changed[name] = object_array(
            [cell if new is None else new for cell, new in zip(cells, encoded, strict=True)]
        )
    return X.assign(**changed)


def _encode(reader, cell, size):
    if isinstance(cell, (list, tuple)):
        return None
    pixels = resize_pixels(reader.read(cell), size)
    pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
        file, "JPEG", quality=_QUALITY
    )
    return file.getvalue()
