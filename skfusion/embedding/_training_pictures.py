"""TrainingPictures: the pictures of one column, read when training needs their pixels."""

from functools import cached_property

import numpy as np


class TrainingPictures:
    """Which rows of a column have a picture, and their pixels.

    Parameters
    ----------
    column : ImageColumn
        The pictures.

    load : callable
        Reads them: ``load() -> (pixels of the distinct pictures, which rows have none)``.

    at_once : bool
        Whether to read now. Later is right only where a picture that can't be read is an error:
        else it decides which rows there are.

    Attributes
    ----------
    present : ndarray of int of shape (n_present,)
        The rows of X that have a picture.

    places : ndarray of int of shape (n_present,)
        For each of them its picture among the distinct ones.
    """

    def __init__(self, column, load, at_once):
        self.column = column
        self._load = load
        gone = column.missing
        if at_once:
            self.pixels, gone = load()
        self.present = np.flatnonzero(~gone)
        self.places = column.group[self.present]
        if len(self.present) == 0:
            raise ValueError(f"Column {column.name!r} has no picture to train on.")

    @property
    def n_rows(self):
        """int : Rows of X."""
        return len(self.column)

    @cached_property
    def pixels(self):
        """Ndarray of shape (n_distinct, height, width, channels) : Values in 0..255."""
        return self._load()[0]
