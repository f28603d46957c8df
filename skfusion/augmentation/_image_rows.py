"""ImageRows: rows of X in any container, to which copies are appended."""

from abc import ABC, abstractmethod


class ImageRows(ABC):
    """Rows of X with images in some columns.

    Attributes
    ----------
    n_rows : int
        Number of rows.

    n_columns : int
        Number of columns.
    """

    @abstractmethod
    def find(self, image_columns, reader):
        """Return the positions of the columns of images.

        Parameters
        ----------
        image_columns : list of str or int, or None
            The columns; None finds them by their cells.

        reader : ImageReader
            The reader of images.
        """

    @abstractmethod
    def column(self, position):
        """Return the name and the cells of a column."""

    @abstractmethod
    def extend(self, origins, copies):
        """Return X with copies of some rows appended, in its own container.

        Parameters
        ----------
        origins : ndarray of int of shape (n_copies,)
            The row that each copy is made from.

        copies : dict of int to list
            The images of the copies, by the position of their column.
        """
