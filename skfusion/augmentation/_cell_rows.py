"""CellRows: the cells of a Series, a list, or an array of objects."""

import numpy as np
import pandas as pd

from skfusion._utils.object_array import object_array
from skfusion.augmentation._check_image_columns import check_found, check_image_columns
from skfusion.augmentation._image_rows import ImageRows
from skfusion.images._find_columns import find_image_columns


class CellRows(ImageRows):
    """Rows of cells, or of one cell each.

    Parameters
    ----------
    X : Series, list or ndarray of shape (n_rows,) or (n_rows, n_columns)
        The cells.
    """

    def __init__(self, X):
        self._X = X
        self.n_rows = len(X)
        if isinstance(X, np.ndarray):
            cells = X.astype(object)
            self._cells = cells[:, np.newaxis] if X.ndim == 1 else cells
        else:
            self._cells = object_array(list(X)).reshape(-1, 1)
        self.n_columns = self._cells.shape[1]

    def find(self, image_columns, reader):
        """Return the positions of the columns of images."""
        if image_columns is not None:
            check_image_columns(image_columns, self.n_columns)
            return list(image_columns)
        if self.n_columns == 1:
            return [0]
        return check_found(find_image_columns(list(self._cells.T)))

    def column(self, position):
        """Return the name and the cells of a column."""
        name = getattr(self._X, "name", None)
        return f"x{position}" if name is None else str(name), list(self._cells[:, position])

    def extend(self, origins, copies):
        """Return X with the rows of the copies appended."""
        added = self._cells[origins]
        for position, cells in copies.items():
            added[:, position : position + 1] = object_array(cells)[:, np.newaxis]
        cells = np.concatenate([self._cells, added])
        if isinstance(self._X, np.ndarray):
            return cells[:, 0] if self._X.ndim == 1 else cells
        cells = list(cells[:, 0])
        if isinstance(self._X, pd.Series):
            return pd.Series(cells, dtype=object, name=self._X.name)
        if hasattr(self._X, "to_frame"):
            import polars as pl

            return pl.Series(self._X.name, cells, dtype=pl.Object)
        return cells
