"""UnknownSource: cells that are no image."""

from skfusion.images.sources._cell_source import CellSource


class UnknownSource(CellSource):
    """A cell of any other type."""

    @classmethod
    def accepts(cls, cell):
        """Return True: this kind is the last that is tried."""
        return True

    def open(self, options):
        """Raise ValueError."""
        raise ValueError(f"a cell of type {type(self.cell).__name__} is no image")

    def key(self):
        """Return the identity of the object."""
        return id(self.cell)

    def digest(self, options):
        """Raise ValueError."""
        raise ValueError(f"a cell of type {type(self.cell).__name__} is no image")

    def describe(self):
        """Return the type and the beginning of the value, on one line."""
        return f"{type(self.cell).__name__} {' '.join(repr(self.cell).split()):.60}"

    def looks_like_image(self):
        """Return False."""
        return False
