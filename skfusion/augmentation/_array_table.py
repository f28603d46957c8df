"""ArrayTable: one array of images."""

import numpy as np

from skfusion.augmentation._column_names import refuse_names


class ArrayTable:
    """An array with an image a row."""

    def __init__(self, X):
        self._X = X
        self.n_rows, self.n_columns = len(X), 1

    def find(self, image_columns, reader):
        """Positions of the columns of images: the one there is."""
        refuse_names(image_columns, 1)
        return [0]

    def column(self, position):
        """The name and the cells of a column."""
        return "x0", self._X

    def extend(self, origins, copies):
        """X with rows more: the images `copies[0]`."""
        shape = self._X.shape[1:]
        # Only floats can't be read, so that there is a NaN to tell it.
        cells = [np.full(shape, np.nan) if cell is None else cell for cell in copies[0]]
        wrong = [cell.shape for cell in cells if cell.shape != shape]
        if wrong:
            raise ValueError(
                f"X is one array of images of shape {shape}, in which copies of shape "
                f"{wrong[0]} have no place: leave image_size at None."
            )
        return np.concatenate([self._X, np.array(cells, self._X.dtype).reshape(-1, *shape)])
