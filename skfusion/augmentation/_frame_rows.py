"""FrameRows: the rows of a DataFrame of pandas or polars."""

import numpy as np
import pandas as pd

from skfusion.augmentation._check_image_columns import check_found, check_image_columns
from skfusion.augmentation._image_rows import ImageRows
from skfusion.images._find_columns import find_image_columns


class FrameRows(ImageRows):
    """The rows of a DataFrame.

    Parameters
    ----------
    X : pandas.DataFrame or polars.DataFrame
        The table.
    """

    def __init__(self, X):
        self._X = X
        self.n_rows, self.names = len(X), list(X.columns)
        self.n_columns = len(self.names)

    def find(self, image_columns, reader):
        """Return the positions of the columns of images."""
        if image_columns is None:
            columns = [self._values(i) for i in range(self.n_columns)]
            return check_found(find_image_columns(columns))
        check_image_columns(image_columns, self.n_columns, self.names)
        return [self.names.index(name) if isinstance(name, str) else name for name in image_columns]

    def column(self, position):
        """Return the name and the cells of a column."""
        return str(self.names[position]), list(self._values(position))

    def extend(self, origins, copies):
        """Return the DataFrame with the rows of the copies appended."""
        order = np.concatenate([np.arange(self.n_rows), origins])
        if isinstance(self._X, pd.DataFrame):
            return self._extend_pandas(order, copies) if len(origins) else self._first(order)
        return self._extend_polars(order, copies) if len(origins) else self._X.clone()

    def _first(self, order):
        return self._X.take(order).reset_index(drop=True)

    def _extend_pandas(self, order, copies):
        frame = self._first(order)
        for position, cells in copies.items():
            column = pd.Series([*self._values(position), *cells], dtype=object)
            frame.isetitem(position, column)
        return frame

    def _extend_polars(self, order, copies):
        import polars as pl

        columns = []
        for position, name in enumerate(self.names):
            values = self._values(position)
            if position in copies:
                cells = [*values, *copies[position]]
                columns.append(pl.Series(name, cells, dtype=pl.Object))
            else:
                columns.append(values.gather(order.tolist()))
        return pl.DataFrame(columns)

    def _values(self, position):
        X = self._X
        return X.iloc[:, position] if isinstance(X, pd.DataFrame) else X.to_series(position)
