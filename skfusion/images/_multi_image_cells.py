"""Read several images a row: lists in cells, and columns whose images are joined."""

from numbers import Number

import numpy as np

from skfusion.images._image_column import ImageColumn
from skfusion.images.sources._find_source import is_missing

_REMEDY = "Pass combine='mean' or combine='max' to join the features of all images of a row."


def single_column(name, cells):
    """Make a column of one image a row; ValueError where a cell holds several.

    Parameters
    ----------
    name : str
        The name of the column.

    cells : list
        Images, and lists of at most one: an empty list is a missing image.
    """
    cells = _without_numbers(name, cells)
    several, counts = [], {}
    for row, cell in enumerate(cells):
        if not is_list(cell):
            continue
        images = [image for _, image in _numbered(name, row, cell)]
        cells[row] = images[0] if images else None
        if len(images) > 1:
            several.append(row)
            counts[row] = len(images)
    if several:
        more = f" ({len(several)} rows hold several)" if len(several) > 1 else ""
        raise ValueError(
            f"Row {several[0]} of column {name!r} holds {counts[several[0]]} images{more}. "
            f"{_REMEDY}"
        )
    return ImageColumn(name, cells)


def joined_column(columns):
    """Make one column of all images of each row, in the order of the columns and of the lists.

    Parameters
    ----------
    columns : list of tuple (str, list)
        Name and cells of each. A cell holds an image, a list of any length, or none.
    """
    columns = [(name, _without_numbers(name, cells)) for name, cells in columns]
    if len(columns) == 1 and not any(is_list(cell) for cell in columns[0][1]):
        return ImageColumn(*columns[0])
    images, rows, places = [], [], []
    for row in range(len(columns[0][1])):
        for name, cells in columns:
            where = f", column {name!r}" if len(columns) > 1 else ""
            for number, image in _numbered(name, row, cells[row]):
                images.append(image)
                rows.append(row)
                places.append(where if number is None else f"{where}, image {number}")
    names = [name for name, _ in columns]
    return ImageColumn(
        "_".join(names),
        images,
        rows=np.array(rows, dtype=np.intp),
        n_rows=len(columns[0][1]),
        places=places,
        title=f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}",
    )


def is_list(cell):
    """Return whether a cell is a list, a tuple, an array of objects or images, or a Series."""
    if isinstance(cell, np.ndarray):
        return cell.ndim == 4 or (cell.ndim > 0 and cell.dtype.kind in "OUST")
    return isinstance(cell, (list, tuple)) or (hasattr(cell, "to_list") and hasattr(cell, "dtype"))


def _numbered(name, row, cell):
    """Return the images of a cell, without missing ones, each with its number in the list."""
    if not is_list(cell):
        return [] if is_missing(cell) else [(None, cell)]
    images = []
    for number, image in enumerate(cell):
        if is_list(image):
            if not _holds_numbers(image):
                raise ValueError(
                    f"Row {row} of column {name!r} holds a list in a list (image {number}). "
                    "Give one list of images a row."
                )
            image = _to_array(name, row, image)
        if not is_missing(image):
            images.append((number if len(cell) > 1 else None, image))
    return images


def _without_numbers(name, cells):
    """Return the cells, with arrays in place of nested lists of numbers."""
    if isinstance(cells, np.ndarray):
        return cells
    return [
        _to_array(name, row, cell) if is_list(cell) and _holds_numbers(cell) else cell
        for row, cell in enumerate(cells)
    ]


def _holds_numbers(cell):
    """Return whether a list is an image: its innermost entries are numbers."""
    while is_list(cell):
        if len(cell) == 0:
            return False
        cell = next(iter(cell))
    if isinstance(cell, np.ndarray):  # a row of pixels, as parquet files give them
        return cell.ndim == 1
    return isinstance(cell, (Number, np.bool_)) and not is_missing(cell)


def _to_array(name, row, cell):
    """Make an array of nested lists of numbers."""
    try:
        array = np.array(_plain(cell))
    except ValueError:
        array = None  # lists of different lengths
    if array is None or array.ndim not in (2, 3, 4) or array.dtype.kind not in "biuf":
        found = "lists of different lengths" if array is None else f"shape {array.shape}"
        raise ValueError(
            f"Row {row} of column {name!r} holds numbers ({found}), not an image. Nested lists "
            "of numbers are an image if they have two levels (rows, pixels) or three (rows, "
            "pixels, channels), and several with a fourth around these. For flattened images "
            "pass a table of numbers as X, with image_shape=(height, width)."
        )
    return array


def _plain(cell):
    """Return nested lists of numbers or of arrays, for lists of any kind."""
    if isinstance(cell, np.ndarray) and cell.dtype.kind == "O":
        cell = list(cell)
    if isinstance(cell, (list, tuple)):
        return [_plain(item) for item in cell]
    if is_list(cell):  # a Series: of numbers, or of further ones
        items = list(cell) if any(is_list(item) for item in cell) else cell.to_numpy()
        return _plain(items) if isinstance(items, list) else items
    return cell
