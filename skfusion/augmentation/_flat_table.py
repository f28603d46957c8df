"""FlatTable: rows that are flattened images."""

import numpy as np
import pandas as pd

from skfusion.augmentation._column_names import refuse_names


class FlatTable:
    """Each row is a flattened image."""

    def __init__(self, X, image_shape):
        self._X = X
        self._values = np.asarray(X)
        self.n_rows = len(self._values)
        self._shape = image_shape

    def find(self, image_columns, reader):
        """Positions of the columns of images: the one there is."""
        refuse_names(image_columns, 1)
        return [0]

    def column(self, position):
        """The name and the cells of a column; a row with NaN holds no image."""
        images = self._values.reshape(-1, *self._shape)
        return "image", [None if (cell != cell).any() else cell for cell in images]

    def extend(self, origins, copies):
        """X with rows more: its own container, with the images `copies[0]`."""
        rows = [
            self._values[row] if cell is None else cell.reshape(-1)
            for row, cell in zip(origins, copies[0], strict=True)
        ]
        more = np.array(rows, dtype=self._values.dtype).reshape(-1, self._values.shape[1])
        values = np.concatenate([self._values, more])
        if isinstance(self._X, pd.DataFrame):
            frame = pd.DataFrame(values, columns=self._X.columns)
            return frame.astype(dict(zip(self._X.columns, self._X.dtypes, strict=True)))
        if hasattr(self._X, "columns"):
            return type(self._X)(values, schema=self._X.schema)
        return values.tolist() if isinstance(self._X, list) else values
