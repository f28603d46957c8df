"""TrainingImages: the images of one column, read when training needs their pixels."""

from functools import cached_property

import numpy as np

from skfusion.extraction._aggregation import aggregate, spread
from skfusion.extraction._row_weights import weighted_sum
from skfusion.images._failures import report_failures


class TrainingImages:
    """The images of one column and their pixels, read for training.

    Parameters
    ----------
    extraction : ColumnExtraction
        Reads the column.

    conversion : Resizing
        Brings the images to one shape.

    at_once : bool
        Whether to read now. To read later is right only where an image that can't be read is an
        error: otherwise it decides which cells have an image.

    Attributes
    ----------
    failures : list of tuple (int, str)
        Which distinct images can't be read, and why; reported by the caller.

    gone : ndarray of bool of shape (n_cells,)
        Which cells have no image.

    rows : ndarray of int of shape (n_images,)
        The row of X of each cell that has an image.

    places : ndarray of int of shape (n_images,)
        For each of them its image among the distinct ones.
    """

    def __init__(self, extraction, conversion, at_once):
        self.column = column = extraction.column
        self.extraction = extraction
        self.conversion = conversion
        self._loader = extraction.loader()
        if at_once:
            self.pixels = extraction.load(self._loader, conversion)
        self.failures = self._loader.failures
        unreadable = [place for place, _ in self.failures]
        self.gone = column.missing | np.isin(column.group, unreadable)
        present = np.flatnonzero(~self.gone)
        self.rows, self.places = column.rows[present], column.group[present]

    @property
    def digests(self):
        """Sequence of (bytes or None) : The digest of each distinct image; needs a store."""
        return self._loader.keys

    @cached_property
    def pixels(self):
        """Ndarray of shape (n_distinct, height, width, channels) : Values in 0..255."""
        pixels = self.extraction.load(self._loader, self.conversion)
        report_failures([(self.column, self._loader.failures)], "error")
        return pixels

    def among_rows(self, rows):
        """Return the images of some rows of X, as positions in `rows` and `places`."""
        if not self.column.one_each:
            return np.flatnonzero(np.isin(self.rows, rows))
        position = np.full(self.column.n_rows, -1)
        position[self.rows] = np.arange(len(self.rows))
        images = position[rows]
        return images[images >= 0]

    def of_rows(self, lines, combine, fill):
        """Turn one line per image into one line per row of X; rows without an image get `fill`."""
        n_rows = self.column.n_rows
        if len(lines) == n_rows and self.column.one_each:
            return lines
        return spread(lines, np.arange(len(lines)), self.rows, n_rows, combine, fill)

    def row_mean(self, lines, combine, weights):
        """Compute the mean line of the rows that have an image, with weights of rows or None."""
        total, weight = np.zeros(lines.shape[1]), 0
        for rows, values in aggregate(lines, np.arange(len(lines)), self.rows, combine):
            summed, added = weighted_sum(values, rows, weights)
            total, weight = total + summed, weight + added
        return (total / (weight or 1)).astype(np.float32)


def refuse_too_few(images, target):
    """Raise an error where the rows that have an image leave nothing to learn.

    Parameters
    ----------
    images : TrainingImages
        The images of a column.

    target : TargetEncoding
        The form of y, with the values of all rows.
    """
    title, n_rows = images.column.title, images.column.n_rows
    rows = np.unique(images.rows)
    if len(rows) == 0:
        raise ValueError(
            f"None of the {n_rows} rows has an image in {title}: there is nothing to train on."
        )
    values = target.values[rows]
    if target.kind == "numbers" or (values != values[:1]).any():
        return
    what = "the same labels" if target.kind == "labels" else "one bin of y only"
    if target.kind == "classes":
        what = f"one class only ({target.classes.tolist()[values[0]]!r})"
    raise ValueError(
        f"The {len(rows)} of {n_rows} rows that have an image in {title} hold {what}; a network "
        "needs at least two to learn from. Add images of other rows, or leave the column out."
    )
