"""CellTable: a Series, a list, or an array of objects."""

import numpy as np
import pandas as pd

from skfusion.augmentation._column_names import refuse_names, refuse_none
from skfusion.images._find_columns import find_image_columns


class CellTable:
    """A Series, a list, or an array of objects: cells, or rows of cells."""

    def __init__(self, X):
        self._X = X
        self.n_rows = len(X)
        if isinstance(X, np.ndarray):
            cells = X.astype(object)
            self._cells = cells[:, np.newaxis] if X.ndim == 1 else cells
        else:
            self._cells = _object_column(list(X))
        self.n_columns = self._cells.shape[1]

    def find(self, image_columns, reader):
        """Positions of the columns of images, given or found."""
        if image_columns is not None:
            refuse_names(image_columns, self.n_columns)
            return list(image_columns)
        if self.n_columns == 1:
            return [0]
        return refuse_none(find_image_columns(list(self._cells.T)))

    def column(self, position):
        """The name and the cells of a column."""
        name = getattr(self._X, "name", None)
        return f"x{position}" if name is None else str(name), list(self._cells[:, position])

    def extend(self, origins, copies):
        """X with rows more: rows `origins` again, with other images in some columns."""
        more = self._cells[origins]
        for position, cells in copies.items():
            more[:, position : position + 1] = _object_column(cells)
        cells = np.concatenate([self._cells, more])
        if isinstance(self._X, np.ndarray):
            return cells[:, 0] if self._X.ndim == 1 else cells
        cells = list(cells[:, 0])
        if isinstance(self._X, pd.Series):
            return pd.Series(cells, dtype=object, name=self._X.name)
        if hasattr(self._X, "to_frame"):
            import polars as pl

            return pl.Series(self._X.name, cells, dtype=pl.Object)
        return cells


def _object_column(cells):
    """An array of shape (n, 1) that holds the cells as they are, arrays among them too."""
    column = np.empty((len(cells), 1), dtype=object)
    for i, cell in enumerate(cells):
        column[i, 0] = cell
    return column
