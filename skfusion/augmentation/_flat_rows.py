"""FlatRows: rows that are flattened images."""

import numpy as np
import pandas as pd

from skfusion.augmentation._check_image_columns import check_image_columns
from skfusion.augmentation._image_rows import ImageRows


class FlatRows(ImageRows):
    """Rows each of which is a flattened image.

    Parameters
    ----------
    X : ndarray, DataFrame or list of shape (n_rows, n_pixels)
        The pixels.

    image_shape : tuple (height, width, channels)
        The shape of an image.
    """

    def __init__(self, X, image_shape):
        self._X = X
        self._values = np.asarray(X)
        self.n_rows, self.n_columns = len(self._values), 1
        self._shape = image_shape

    def find(self, image_columns, reader):
        """Return the position of the only column of images."""
        check_image_columns(image_columns, 1)
        return [0]

    def column(self, position):
        """Return the name and the images; a row with NaN holds no image."""
        images = self._values.reshape(-1, *self._shape)
        return "image", [None if (cell != cell).any() else cell for cell in images]

    def extend(self, origins, copies):
        """Return X with the flattened copies appended."""
        flat = [
            self._values[row] if cell is None else cell.reshape(-1)
            for row, cell in zip(origins, copies[0], strict=True)
        ]
        added = np.array(flat, dtype=self._values.dtype).reshape(-1, self._values.shape[1])
        values = np.concatenate([self._values, added])
        if isinstance(self._X, pd.DataFrame):
            frame = pd.DataFrame(values, columns=self._X.columns)
            return frame.astype(dict(zip(self._X.columns, self._X.dtypes, strict=True)))
        if hasattr(self._X, "columns"):
            return type(self._X)(values, schema=self._X.schema)
        return values.tolist() if isinstance(self._X, list) else values
