"""Several pictures a row: lists in cells, and columns whose pictures are joined."""

from numbers import Number

import numpy as np

from skfusion.images._column import ImageColumn, is_missing

_REMEDY = "Pass combine='mean' or combine='max' to join the features of all pictures of a row."


def single_column(name, cells):
    """A column of one picture a row; ValueError where a cell holds several.

    Parameters
    ----------
    name : str
        The name of the column.

    cells : list
        Pictures, and lists of at most one: an empty list is a missing picture.
    """
    cells = _without_numbers(name, cells)
    several, counts = [], {}
    for row, cell in enumerate(cells):
        if not is_list(cell):
            continue
        pictures = [picture for _, picture in _numbered(name, row, cell)]
        cells[row] = pictures[0] if pictures else None
        if len(pictures) > 1:
            several.append(row)
            counts[row] = len(pictures)
    if several:
        more = f" ({len(several)} rows hold several)" if len(several) > 1 else ""
        raise ValueError(
            f"Row {several[0]} of column {name!r} holds {counts[several[0]]} pictures{more}. "
            f"{_REMEDY}"
        )
    return ImageColumn(name, cells)


def joined_column(columns):
    """One column of all pictures of each row, in the order of the columns and of the lists.

    Parameters
    ----------
    columns : list of tuple (str, list)
        Name and cells of each. A cell holds a picture, a list of any length, or none.
    """
    columns = [(name, _without_numbers(name, cells)) for name, cells in columns]
    if len(columns) == 1 and not any(is_list(cell) for cell in columns[0][1]):
        return ImageColumn(*columns[0])
    pictures, rows, places = [], [], []
    for row in range(len(columns[0][1])):
        for name, cells in columns:
            where = f", column {name!r}" if len(columns) > 1 else ""
            for number, picture in _numbered(name, row, cells[row]):
                pictures.append(picture)
                rows.append(row)
                places.append(where if number is None else f"{where}, picture {number}")
    names = [name for name, _ in columns]
    return ImageColumn(
        "_".join(names),
        pictures,
        rows=np.array(rows, dtype=np.intp),
        n_rows=len(columns[0][1]),
        places=places,
        title=f"column{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}",
    )


def is_list(cell):
    """Whether a cell is a list, a tuple, an array of objects, strings or pictures, or a Series."""
    if isinstance(cell, np.ndarray):
        return cell.ndim == 4 or (cell.ndim > 0 and cell.dtype.kind in "OUST")
    return isinstance(cell, (list, tuple)) or (hasattr(cell, "to_list") and hasattr(cell, "dtype"))


def _numbered(name, row, cell):
    """The pictures of a cell, without missing ones, each with its number in the list."""
    if not is_list(cell):
        return [] if is_missing(cell) else [(None, cell)]
    pictures = []
    for number, picture in enumerate(cell):
        if is_list(picture):
            if not _holds_numbers(picture):
                raise ValueError(
                    f"Row {row} of column {name!r} holds a list in a list (picture {number}). "
                    "Give one list of pictures a row."
                )
            picture = _to_array(name, row, picture)
        if not is_missing(picture):
            pictures.append((number if len(cell) > 1 else None, picture))
    return pictures


def _without_numbers(name, cells):
    """The cells, with arrays in place of nested lists of numbers; the caller's stay as they are."""
    if isinstance(cells, np.ndarray):
        return cells
    return [
        _to_array(name, row, cell) if is_list(cell) and _holds_numbers(cell) else cell
        for row, cell in enumerate(cells)
    ]


def _holds_numbers(cell):
    """Whether a list is a picture: its innermost entries are numbers."""
    while is_list(cell):
        if len(cell) == 0:
            return False
        cell = next(iter(cell))
    if isinstance(cell, np.ndarray):  # a row of pixels, as parquet files give them
        return cell.ndim == 1
    return isinstance(cell, (Number, np.bool_)) and not is_missing(cell)


def _to_array(name, row, cell):
    """The picture that nested lists of numbers are."""
    try:
        array = np.array(_plain(cell))
    except ValueError:
        array = None  # lists of different lengths
    if array is None or array.ndim not in (2, 3, 4) or array.dtype.kind not in "biuf":
        found = "lists of different lengths" if array is None else f"shape {array.shape}"
        raise ValueError(
            f"Row {row} of column {name!r} holds numbers ({found}), not a picture. Nested lists "
            "of numbers are a picture if they have two levels (rows, pixels) or three (rows, "
            "pixels, channels), and several with a fourth around these. For flattened pictures "
            "pass a table of numbers as X, with image_shape=(height, width)."
        )
    return array


def _plain(cell):
    """Nested lists of numbers or of arrays, of whatever kind the lists are."""
    if isinstance(cell, np.ndarray) and cell.dtype.kind == "O":
        cell = list(cell)
    if isinstance(cell, (list, tuple)):
        return [_plain(item) for item in cell]
    if is_list(cell):  # a Series: of numbers, or of further ones
        items = list(cell) if any(is_list(item) for item in cell) else cell.to_numpy()
        return _plain(items) if isinstance(items, list) else items
    return cell
