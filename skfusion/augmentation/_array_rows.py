"""ArrayRows: one array of images."""

import numpy as np

from skfusion.augmentation._check_image_columns import check_image_columns
from skfusion.augmentation._image_rows import ImageRows


class ArrayRows(ImageRows):
    """Rows that are the images of one array.

    Parameters
    ----------
    X : ndarray of shape (n_rows, height, width[, channels])
        The images.
    """

    def __init__(self, X):
        self._X = X
        self.n_rows, self.n_columns = len(X), 1

    def find(self, image_columns, reader):
        """Return the position of the only column."""
        check_image_columns(image_columns, 1)
        return [0]

    def column(self, position):
        """Return the name and the cells of the only column."""
        return "x0", self._X

    def extend(self, origins, copies):
        """Return the array with the copies appended."""
        shape = self._X.shape[1:]
        # Only arrays of floats can be unreadable, so that NaN can mark a missing copy.
        cells = [np.full(shape, np.nan) if cell is None else cell for cell in copies[0]]
        other = [cell.shape for cell in cells if cell.shape != shape]
        if other:
            raise ValueError(
                f"X is one array of images of shape {shape}, to which copies of shape {other[0]} "
                "cannot be appended. Pass image_size=None."
            )
        return np.concatenate([self._X, np.array(cells, self._X.dtype).reshape(-1, *shape)])
