"""ImageColumn: the cells of one column, which of them are missing and which are alike."""

import numpy as np

from skfusion.images._read_options import ReadOptions
from skfusion.images.remote._held_url import hold
from skfusion.images.sources._find_source import describe, find_source, is_missing


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
        What distinguishes each cell from the others of its row.

    title : str, default=None
        The name of the column in messages.

    Attributes
    ----------
    first : ndarray of int of shape (n_distinct,)
        The first cell of each distinct image.

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
        self.cells = cells = cells if isinstance(cells, np.ndarray) else hold(cells)
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
        """Return a few words by which a user finds the distinct image at `place` again."""
        return describe(self.cells[self.first[place]])

    def where(self, cell):
        """Return the row of a cell and, where the row has several, which of them it is."""
        return f"row {self.rows[cell]}{self._places[cell] if self._places else ''}"

    def rows_without(self, gone):
        """Return which rows have no image, if these cells (ndarray of bool) have none."""
        if self.one_each:
            return gone
        return np.bincount(self.rows[~gone], minlength=self.n_rows) == 0


def _group(cells, missing):
    """Find the distinct images; `first` and `group` as in ImageColumn."""
    keys = [
        None if gone else find_source(cell).key() for cell, gone in zip(cells, missing, strict=True)
    ]
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


def _digest(cell):
    """Return what distinguishes arrays with equal keys."""
    try:
        return find_source(cell).digest(ReadOptions())
    except ValueError:
        return id(cell)
