"""CellSource: one kind of cell."""

from abc import ABC, abstractmethod


class CellSource(ABC):
    """A cell of one kind: how it is opened, identified and described.

    Parameters
    ----------
    cell : object
        The cell, as the user gave it.

    See Also
    --------
    find_source : Finds the kind of a cell.
    """

    # Whether the cell holds no image.
    is_missing = False

    def __init__(self, cell):
        self.cell = cell

    @classmethod
    @abstractmethod
    def accepts(cls, cell):
        """Return whether a cell is of this kind."""

    @abstractmethod
    def open(self, options):
        """Open the cell as a context manager that gives an OpenedImage.

        Parameters
        ----------
        options : ReadOptions
            How to read it.
        """

    @abstractmethod
    def key(self):
        """Return a key that is cheap, and equal for cells of the same image.

        Keys of arrays are tuples: cells with equal tuples are only likely to be the same. Compare
        their digests.
        """

    @abstractmethod
    def digest(self, options):
        """Return a digest of the content, 16 bytes; ValueError where there is none."""

    @abstractmethod
    def describe(self):
        """Return a few words by which a user finds the cell again."""

    @property
    def path(self):
        """str, PathLike or None : The path of the file that holds the image."""
        return None

    @property
    def url(self):
        """str or None : The URL of the file that holds the image."""
        return None

    def content(self):
        """Return the bytes of an encoded file that the cell holds; None for other kinds."""
        return None

    def looks_like_image(self):
        """Return whether the cell is an image, as far as can be found without opening files."""
        return True

    def may_have_open_range(self):
        """Return whether the cell may hold values of which it is open what is black and white."""
        return True
