"""Rows of X with pictures in some columns, whatever container X is; copies are added to it."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skfusion.images._find_columns import find_image_columns


def as_table(X, image_shape=None):
    """Wrap X.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        One row a sample.

    image_shape : tuple (height, width, channels) or None, default=None
        The shape of the pictures where each row of X is a flattened one.

    Returns
    -------
    table : FlatTable, ArrayTable, FrameTable or CellTable
        With `n_rows`, `columns` (name and cells of each), `find` and `extend`.

    Raises
    ------
    ValueError
        If X is no container of rows.
    """
    if issparse(X):
        raise TypeError("X is sparse, pictures are dense: pass X.toarray().")
    if image_shape is not None:
        return FlatTable(X, image_shape)
    if hasattr(X, "columns") and not isinstance(X, np.ndarray):
        return FrameTable(X)
    if isinstance(X, np.ndarray) and X.ndim in (3, 4) and X.dtype.kind in "biuf":
        return ArrayTable(X)
    if isinstance(X, np.ndarray) and (X.dtype.kind not in "OUS" or X.ndim not in (1, 2)):
        raise ValueError(
            f"X of shape {X.shape} and dtype {X.dtype} holds no pictures: give a table with "
            "columns of pictures, an array of shape (n_rows, height, width, channels), or pass "
            "image_shape=(height, width) if each row of X is a flattened picture. "
            "Reshape your data to have one picture a row."
        )
    if isinstance(X, (str, bytes)) or not hasattr(X, "__len__"):
        raise ValueError(f"X must hold one row a sample, got a single {type(X).__name__}.")
    return CellTable(X)


class FlatTable:
    """Each row is a flattened picture."""

    def __init__(self, X, image_shape):
        self._X = X
        self._values = np.asarray(X)
        self.n_rows = len(self._values)
        self._shape = image_shape

    def find(self, image_columns, reader):
        """Positions of the columns of pictures: the one there is."""
        _refuse_names(image_columns, 1)
        return [0]

    def column(self, position):
        """The name and the cells of a column; a row with NaN holds no picture."""
        pictures = self._values.reshape(-1, *self._shape)
        return "image", [None if (cell != cell).any() else cell for cell in pictures]

    def extend(self, origins, copies):
        """X with rows more: its own container, with the pictures `copies[0]`."""
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


class ArrayTable:
    """An array with a picture a row."""

    def __init__(self, X):
        self._X = X
        self.n_rows, self.n_columns = len(X), 1

    def find(self, image_columns, reader):
        """Positions of the columns of pictures: the one there is."""
        _refuse_names(image_columns, 1)
        return [0]

    def column(self, position):
        """The name and the cells of a column."""
        return "x0", self._X

    def extend(self, origins, copies):
        """X with rows more: the pictures `copies[0]`."""
        shape = self._X.shape[1:]
        # Only floats can't be read, so that there is a NaN to tell it.
        cells = [np.full(shape, np.nan) if cell is None else cell for cell in copies[0]]
        wrong = [cell.shape for cell in cells if cell.shape != shape]
        if wrong:
            raise ValueError(
                f"X is one array of pictures of shape {shape}, in which copies of shape "
                f"{wrong[0]} have no place: leave image_size at None."
            )
        return np.concatenate([self._X, np.array(cells, self._X.dtype).reshape(-1, *shape)])


class FrameTable:
    """A DataFrame of pandas or polars."""

    def __init__(self, X):
        self._X = X
        self.n_rows, self.names = len(X), list(X.columns)
        self.n_columns = len(self.names)

    def find(self, image_columns, reader):
        """Positions of the columns of pictures, named or found."""
        if image_columns is None:
            found = find_image_columns([self._values(i) for i in range(len(self.names))], reader)
            return _refuse_none(found)
        _refuse_names(image_columns, len(self.names), self.names)
        return [self.names.index(name) if isinstance(name, str) else name for name in image_columns]

    def column(self, position):
        """The name and the cells of a column."""
        return str(self.names[position]), list(self._values(position))

    def extend(self, origins, copies):
        """X with rows more: rows `origins` again, with other pictures in some columns."""
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
        """Positions of the columns of pictures, given or found."""
        if image_columns is not None:
            _refuse_names(image_columns, self.n_columns)
            return list(image_columns)
        if self.n_columns == 1:
            return [0]
        return _refuse_none(find_image_columns(list(self._cells.T), reader))

    def column(self, position):
        """The name and the cells of a column."""
        name = getattr(self._X, "name", None)
        return f"x{position}" if name is None else str(name), list(self._cells[:, position])

    def extend(self, origins, copies):
        """X with rows more: rows `origins` again, with other pictures in some columns."""
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


def take_rows(y, origins):
    """Y with the rows `origins` again at its end, in its own container."""
    if y is None:
        return None
    order = np.concatenate([np.arange(len(y)), origins])
    if isinstance(y, (pd.Series, pd.DataFrame)):
        return y.take(order).reset_index(drop=True)
    if hasattr(y, "to_arrow"):  # polars
        return y[order.tolist()]
    values = np.asarray(y)[order]
    return values.tolist() if isinstance(y, (list, tuple)) else values


def _object_column(cells):
    """An array of shape (n, 1) that holds the cells as they are, arrays among them too."""
    column = np.empty((len(cells), 1), dtype=object)
    for i, cell in enumerate(cells):
        column[i, 0] = cell
    return column


def _refuse_none(found):
    if not found:
        raise ValueError(
            "No column of X holds pictures, or paths of files that can be read as such. Name the "
            "columns with image_columns=[...], and pass reader=ImageReader(root=...) if paths "
            "start from another folder."
        )
    return found


def _refuse_names(image_columns, n_columns, names=()):
    """Columns are named by strings where X has names, and by position everywhere."""
    if image_columns is None:
        return
    for name in image_columns:
        known = name in names if isinstance(name, str) else 0 <= name < n_columns
        if not known:
            there = f"columns {list(names)}" if len(names) else f"{n_columns} columns without names"
            raise ValueError(f"image_columns names {name!r}; X has {there}.")
    if not len(image_columns) or len(set(image_columns)) < len(image_columns):
        raise ValueError(f"image_columns must name some columns, each once; got {image_columns!r}.")
