"""Find what the images of a column have in common, from their headers."""

from skfusion._utils.prefetch import map_ahead, split
from skfusion.images._failures import shorten
from skfusion.images.remote._held_url import threads_for
from skfusion.images.sources._find_source import describe

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

    n_threads = threads_for(column.cells)
    tasks = split(column.first, _PROBES_PER_TASK if n_threads is None else 1)
    return [shape for shapes in map_ahead(probe, tasks, n_threads) for shape in shapes]


def _probe_or_reason(reader, cell):
    try:
        return reader.probe(cell)
    except ValueError as error:
        return str(error)  # reported with its row when it is read


def common_size(column, shapes):
    """Return the one (height, width) of all images; ValueError names two that differ."""
    pairs = list(zip(column.first, shapes, strict=True))
    seen = [(cell, shape) for cell, shape in pairs if not isinstance(shape, str)]
    if not seen:
        reasons = "; ".join(
            f"{column.where(cell)} ({_name(column, cell)}): {reason}" for cell, reason in pairs[:5]
        )
        raise ValueError(
            f"None of the {len(column) or column.n_rows} images of {column.title} can be read: "
            f"{reasons or 'all are missing'}. At least one is needed to learn the size from; pass "
            "image_size=(height, width) or correct the column."
        )
    cell_0, shape_0 = seen[0]
    for cell, shape in seen[1:]:
        if shape[:2] != shape_0[:2]:
            raise ValueError(
                f"The images of {column.title} have different sizes: {column.where(cell_0)} "
                f"({_name(column, cell_0)}) is {shape_0[0]} x {shape_0[1]} pixels (height "
                f"x width), {column.where(cell)} ({_name(column, cell)}) is {shape[0]} x "
                f"{shape[1]}. Pass image_size=(height, width) to bring all of them to one size."
            )
    return shape_0[:2]


def common_channels(color_mode, shapes):
    """Return 1 or 3, by `color_mode`; for "auto" 1 where no image has color."""
    if color_mode != "auto":
        return 1 if color_mode == "grayscale" else 3
    return 3 if any(shape[2] == 3 for shape in shapes if not isinstance(shape, str)) else 1


def _name(column, cell):
    return shorten(describe(column.cells[cell]), 100)
