"""FrameTable: a DataFrame of pandas or polars."""

import numpy as np
import pandas as pd

from skfusion.augmentation._column_names import refuse_names, refuse_none
from skfusion.images._find_columns import find_image_columns


class FrameTable:
    """A DataFrame of pandas or polars."""

    def __init__(self, X):
        self._X = X
        self.n_rows, self.names = len(X), list(X.columns)
        self.n_columns = len(self.names)

    def find(self, image_columns, reader):
        """Positions of the columns of images, named or found."""
        if image_columns is None:
            found = find_image_columns([self._values(i) for i in range(len(self.names))])
            return refuse_none(found)
        refuse_names(image_columns, len(self.names), self.names)
        return [self.names.index(name) if isinstance(name, str) else name for name in image_columns]

    def column(self, position):
        """The name and the cells of a column."""
        return str(self.names[position]), list(self._values(position))

    def extend(self, origins, copies):
        """X with rows more: rows `origins` again, with other images in some columns."""
        order = np.concatenate([np.arange(self.n_rows), origins])
        if isinstance(self._X, pd.DataFrame):
            frame = self._X.take(order).reset_index(drop=True)
            if len(origins):
                for position, cells in copies.items():
                    whole = pd.Series([*self._values(position), *cells], dtype=object)
                    frame.isetitem(position, whole)
            return frame
        return self._extend_polars(order, copies) if len(origins) else self._X.clone()

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
