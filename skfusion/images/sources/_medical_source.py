"""MedicalSource: objects of pydicom and nibabel."""

from contextlib import contextmanager

from skfusion.images.formats._open_medical import open_medical
from skfusion.images.sources._cell_source import CellSource

# The base class of each package's images, and what they are.
_BASES = {("pydicom", "Dataset"): "DICOM", ("nibabel", "SpatialImage"): "NIfTI"}


class MedicalSource(CellSource):
    """A pydicom Dataset or a nibabel image."""

    @classmethod
    def accepts(cls, cell):
        """Return whether a cell is an object of these packages, without importing them."""
        return _base_of(cell) is not None

    @contextmanager
    def open(self, options):
        """Use the object."""
        kind = _BASES[_base_of(self.cell)]
        yield open_medical(kind, self.cell, options, self.describe())

    def key(self):
        """Return the identity of the object."""
        return id(self.cell)

    def digest(self, options):
        """Raise ValueError: the objects hold more than pixels."""
        raise ValueError(f"{self.describe()} has no digest")

    def describe(self):
        """Return package and type, but no patient's name."""
        return f"{_base_of(self.cell)[0]} {type(self.cell).__name__}"

    def may_have_open_range(self):
        """Return False: the window decides."""
        return False


def _base_of(cell):
    """Return package and class of the base class that a cell has; None for others."""
    for base in type(cell).__mro__:
        name = base.__module__.split(".")[0], base.__name__
        if name in _BASES:
            return name
    return None
