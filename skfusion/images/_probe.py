"""What the images of a column have in common, found from their headers."""

import numpy as np

from skfusion._utils.prefetch import map_ahead, split
from skfusion.images._image_column import describe
from skfusion.images.sources._arrays import guess_white, has_open_range

_PROBES_PER_TASK = 256


def probe_column(reader, column):
    """Find the shape of each distinct image, or why it can't be read.

    Parameters
    ----------
    reader : ImageReader
        How cells are opened.

    column : ImageColumn
        The images.

    Returns
    -------
    shapes : list of (tuple (height, width, channels) or str)
        In the order of ``column.first``; a str is the reason why there is none.
    """

    def probe(rows):
        return [_probe_or_reason(reader, column.cells[row]) for row in rows]

    tasks = split(column.first, _PROBES_PER_TASK)
    return [shape for shapes in map_ahead(probe, tasks) for shape in shapes]


def _probe_or_reason(reader, cell):
    try:
        return reader.probe(cell)
    except ValueError as error:
        return str(error)  # reported with its row when it is read


def common_size(column, shapes):
    """The one (height, width) that all images have; ValueError names two that differ."""
    pairs = list(zip(column.first, shapes, strict=True))
    seen = [(cell, shape) for cell, shape in pairs if not isinstance(shape, str)]
    if not seen:
        reasons = "; ".join(
            f"{column.where(cell)} ({describe(column.cells[cell])}): {reason}"
            for cell, reason in pairs[:5]
        )
        raise ValueError(
            f"None of the {len(column) or column.n_rows} images of {column.title} can be read: "
            f"{reasons or 'all are missing'}. At least one is needed to learn the size from; pass "
            "image_size=(height, width) or mend the column."
        )
    cell_0, shape_0 = seen[0]
    for cell, shape in seen[1:]:
        if shape[:2] != shape_0[:2]:
            raise ValueError(
                f"The images of {column.title} have different sizes: {column.where(cell_0)} "
                f"({describe(column.cells[cell_0])}) is {shape_0[0]} x {shape_0[1]} pixels (height "
                f"x width), {column.where(cell)} ({describe(column.cells[cell])}) is {shape[0]} x "
                f"{shape[1]}. Pass image_size=(height, width) to bring all of them to one size."
            )
    return shape_0[:2]


def common_channels(color_mode, shapes):
    """1 or 3: as `color_mode` says, or for "auto" 1 where no image has color."""
    if color_mode != "auto":
        return 1 if color_mode == "grayscale" else 3
    return 3 if any(shape[2] == 3 for shape in shapes if not isinstance(shape, str)) else 1


def find_white(column):
    """The value that is white in arrays of floats and signed integers; None without such."""
    if isinstance(column.cells, np.ndarray) and column.cells.dtype != object:
        arrays = [column.cells]
    else:
        arrays = [cell for cell in column.cells if isinstance(cell, np.ndarray)]
    arrays = [array for array in arrays if has_open_range(array) and array.size]
    if not arrays:
        return None
    return guess_white(max(_largest(array) for array in arrays))


def _largest(array):
    """The largest finite value; an image with others is refused when it is read."""
    largest = array.max()
    if np.isfinite(largest):
        return largest
    return np.max(array, initial=-np.inf, where=np.isfinite(array))
