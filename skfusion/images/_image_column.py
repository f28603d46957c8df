"""ImageColumn: the cells of one column, which of them are missing and which are alike."""

import os
from hashlib import blake2b

import numpy as np
from PIL import Image

# Enough bytes of an array to tell most images apart; only those that agree in them are
# compared in full.
_SAMPLE = 64


class ImageColumn:
    """The images of one column, in row order; most columns have one a row.

    Parameters
    ----------
    name : str
        The name of the column.

    cells : sequence of length n_cells
        Paths, bytes, PIL images, arrays and missing values; or an array with one image a row.

    missing : ndarray of bool of shape (n_cells,), default=None
        Which cells hold no image; found by looking at them when None.

    rows : ndarray of int of shape (n_cells,), default=None
        The row of each cell, ascending; None where each row has one.

    n_rows : int, default=None
        How many rows there are, where `rows` is given.

    places : list of str of length n_cells, default=None
        What tells each cell from the others of its row.

    title : str, default=None
        What messages call the column.

    Attributes
    ----------
    first : ndarray of int of shape (n_distinct,)
        The cell in which each distinct image stands first.

    group : ndarray of int of shape (n_cells,)
        For each cell the position of its image in `first`, -1 where it is missing.

    one_each : bool
        Whether each row has one cell.

    masks : ImageColumn or None
        The masks of the images; only a `MaskedColumn` has them.

    position : int
        The position of the column in X.
    """

    masks = None
    position = 0

    def __init__(
        self, name, cells, missing=None, *, rows=None, n_rows=None, places=None, title=None
    ):
        self.name = name
        self.cells = cells
        if missing is None:
            missing = np.fromiter((is_missing(cell) for cell in cells), dtype=bool)
        self.missing = missing
        self.one_each = rows is None
        self.rows = np.arange(len(cells)) if rows is None else rows
        self.n_rows = len(cells) if rows is None else n_rows
        self.title = f"column {name!r}" if title is None else title
        self._places = places
        self.first, self.group = _group(cells, missing)

    def __len__(self):
        return len(self.cells)

    def describe(self, place):
        """A few words by which a user finds the distinct image at `place` again."""
        return describe(self.cells[self.first[place]])

    def where(self, cell):
        """The row of a cell and, where the row has several, which of them it is."""
        return f"row {self.rows[cell]}{self._places[cell] if self._places else ''}"

    def rows_without(self, gone):
        """Which rows have no image, if these cells (ndarray of bool) have none."""
        if self.one_each:
            return gone
        return np.bincount(self.rows[~gone], minlength=self.n_rows) == 0


def is_missing(cell):
    """None, NaN, NaT, pandas.NA and the empty string are missing images."""
    if cell is None or (isinstance(cell, str) and not cell):
        return True
    if isinstance(cell, (str, bytes, np.ndarray, Image.Image, os.PathLike)):
        return False
    if type(cell).__name__ == "NAType":  # pandas.NA, without importing pandas to ask
        return True
    try:
        return bool(cell != cell)  # NaN and NaT differ from themselves
    except (TypeError, ValueError, ArithmeticError):
        return False


def describe(cell):
    """A few words by which a user finds a cell again."""
    if isinstance(cell, (str, os.PathLike)):
        return os.fspath(cell)
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return f"{len(cell)} bytes"
    if isinstance(cell, np.ndarray):
        return f"array of shape {cell.shape} and dtype {cell.dtype}"
    if isinstance(cell, Image.Image):
        return f"PIL image of mode {cell.mode}, {cell.width} x {cell.height}"
    if type(cell).__module__.startswith(("pydicom.", "nibabel.")):
        return f"{type(cell).__module__.split('.')[0]} {type(cell).__name__}"  # no patient's name
    return f"{type(cell).__name__} {cell!r:.60}"


def _group(cells, missing):
    """Find the distinct images; `first` and `group` as in ImageColumn."""
    keys = [None if gone else _key(cell) for cell, gone in zip(cells, missing, strict=True)]
    alike = {}
    for row, key in enumerate(keys):
        if isinstance(key, tuple):
            alike.setdefault(key, []).append(row)
    for key, rows in alike.items():
        if len(rows) > 1:
            for row in rows:
                keys[row] = (*key, _digest(cells[row]))
    positions, first = {}, []
    group = np.full(len(keys), -1, dtype=np.intp)
    for row, key in enumerate(keys):
        if missing[row]:
            continue
        if key not in positions:
            positions[key] = len(first)
            first.append(row)
        group[row] = positions[key]
    return np.array(first, dtype=np.intp), group


def _key(cell):
    """Equal keys mean the same image, except for arrays (tuples), where they may."""
    if isinstance(cell, np.ndarray):
        flat = cell.reshape(-1)
        sample = flat[:: max(1, flat.size // _SAMPLE)]
        return (cell.dtype.str, cell.shape, sample.tobytes())
    if isinstance(cell, os.PathLike):
        return os.fspath(cell)
    if isinstance(cell, (str, bytes)):
        return cell
    return id(cell)


def _digest(array):
    return blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).digest()
