"""Aggregation: the features of distinct images become the features of rows, and their mean."""

import numpy as np

from skfusion.extraction._row_weights import weighted_sum

# How many numbers are joined at a time, for rows of one image.
_AT_ONCE = 2**20


def row_features(features, column, gone, combine=None, fill=np.nan):
    """Return the features of the rows of X, given those of the distinct images.

    Parameters
    ----------
    features : ndarray of shape (n_distinct, width)
        Lines of the distinct images; those of unreadable ones are not looked at.

    column : ImageColumn
        Which images a row has.

    gone : ndarray of bool of shape (n_cells,)
        Which cells have none.

    combine : {"mean", "max"} or None, default=None
        How several images of a row are combined; all of them count the same.

    fill : float or ndarray of shape (width,), default=NaN
        What rows without an image get.

    Returns
    -------
    lines : ndarray of shape (n_rows, width), float32
        May be `features` itself.
    """
    present = np.flatnonzero(~gone)
    places, rows = column.group[present], column.rows[present]
    if len(features) == len(rows) == column.n_rows and column.one_each:
        return features  # every row has its own image: no copy
    return spread(features, places, rows, column.n_rows, combine, fill)


def spread(features, places, rows, n_rows, combine=None, fill=np.nan):
    """Return one line per row; `places` and `rows` are those of `aggregate`."""
    lines = np.full((n_rows, features.shape[1]), fill, dtype=np.float32)
    for some, values in aggregate(features, places, rows, combine):
        lines[some] = values
    return lines


def aggregate(features, places, rows, combine):
    """Yield the features of rows, some rows at a time.

    Parameters
    ----------
    features : ndarray of shape (n, width)
        Features of images.

    places : ndarray of int of shape (n_images,)
        The line of `features` of each image of each row.

    rows : ndarray of int of shape (n_images,)
        The row that each belongs to; those of one row are adjacent.

    combine : {"mean", "max"} or None
        How several images of a row are combined.

    Yields
    ------
    rows : ndarray of int of shape (n_rows,)
        Some rows.

    lines : ndarray of shape (n_rows, width)
        Their features.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.extraction._aggregation import aggregate
    >>> features = np.array([[1.0, 8.0], [3.0, 4.0]], dtype=np.float32)
    >>> [lines.tolist() for _, lines in aggregate(features, [0, 1, 1], np.array([0, 0, 1]), "mean")]
    [[[2.0, 6.0], [3.0, 4.0]]]
    """
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    ends = np.append(starts, len(rows))
    step = max(1, _AT_ONCE // max(1, features.shape[1]))
    for begin in range(0, len(starts), step):
        heads = starts[begin : begin + step]
        first, last = heads[0], ends[begin + len(heads)]
        lines = features[places[first:last]]
        if len(lines) > len(heads):
            lines = _reduce(lines, heads - first, combine)
        yield rows[heads], lines


def _reduce(lines, starts, combine):
    if combine == "max":
        return np.maximum.reduceat(lines, starts, axis=0)
    sums = np.add.reduceat(lines, starts, axis=0, dtype=np.float64)
    counts = np.diff(starts, append=len(lines))
    return sums / counts[:, np.newaxis]


class RowMean:
    """The mean over rows of features that are added some distinct images at a time.

    No more is kept than the sum, and the features of images that a later row needs once more.

    Parameters
    ----------
    column : ImageColumn
        Which images a row has.

    combine : {"mean", "max"} or None
        How several images of a row are combined.

    width : int
        How many features there are.

    weights : ndarray of shape (n_rows,) or None, default=None
        The weights of the rows; None weights all rows alike.

    Attributes
    ----------
    total : float
        The weight of the rows with an image so far: their number without weights.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.extraction._aggregation import RowMean
    >>> from skfusion.images._image_column import ImageColumn
    >>> mean = RowMean(ImageColumn("photo", ["a.png", "b.png", None, "a.png"]), None, width=1)
    >>> mean.add(np.array([0]), np.array([[1.0]]), unreadable=[])
    >>> mean.add(np.array([1]), np.array([[4.0]]), unreadable=[])
    >>> mean.value
    array([2.], dtype=float32)
    """

    def __init__(self, column, combine, width, weights=None):
        rows, places = column.rows[~column.missing], column.group[~column.missing]
        complete = np.full(column.n_rows, -1)  # the place with which a row has all its images
        np.maximum.at(complete, rows, places)
        order = np.argsort(complete[rows], kind="stable")
        self._rows, self._places = rows[order], places[order]
        self._complete = complete[self._rows]
        self._needed = np.full(len(column.first), -1)  # the place that completes its last row
        np.maximum.at(self._needed, places, complete[rows])
        self._unreadable = np.zeros(len(column.first), dtype=bool)
        self._held = np.array([], dtype=np.intp), np.empty((0, width), dtype=np.float32)
        self._done = 0
        self._combine = combine
        self.weights = weights
        self._sum = np.zeros(width)
        self.total = 0

    def add(self, places, features, unreadable):
        """Add the features of the distinct images that come next.

        Parameters
        ----------
        places : ndarray of int
            Their places, ascending from call to call.

        features : ndarray of shape (n_places, width)
            Their features.

        unreadable : list of int
            The places of those that could not be read.
        """
        self._unreadable[unreadable] = True
        if len(self._held[0]):
            places = np.append(self._held[0], places)
            features = np.vstack([self._held[1], features])
        end = np.searchsorted(self._complete, places[-1], side="right")
        ready = slice(self._done, end)
        readable = ~self._unreadable[self._places[ready]]
        lines = np.searchsorted(places, self._places[ready][readable])
        rows = self._rows[ready][readable]
        for these, values in aggregate(features, lines, rows, self._combine):
            summed, weight = weighted_sum(values, these, self.weights)
            self._sum += summed
            self.total += weight
        later = self._needed[places] > places[-1]
        self._held = places[later], features[later]
        self._done = end

    @property
    def value(self):
        """Ndarray of shape (width,), float32 : The mean; 0 where no row has an image."""
        return (self._sum / (self.total or 1)).astype(np.float32)
