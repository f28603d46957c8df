"""find_source: the kind of a cell."""

from skfusion.images.sources._array_source import ArraySource
from skfusion.images.sources._bytes_source import BytesSource
from skfusion.images.sources._dict_source import DictSource
from skfusion.images.sources._file_source import FileSource
from skfusion.images.sources._medical_source import MedicalSource
from skfusion.images.sources._missing_source import MissingSource
from skfusion.images.sources._path_source import PathSource
from skfusion.images.sources._pil_source import PilSource
from skfusion.images.sources._unknown_source import UnknownSource
from skfusion.images.sources._url_source import UrlSource

# The first that accepts a cell has it; the most frequent kinds come first. A URL is text, too.
_KINDS = (
    UrlSource,
    PathSource,
    ArraySource,
    BytesSource,
    PilSource,
    DictSource,
    MedicalSource,
    FileSource,
    MissingSource,
    UnknownSource,
)


def find_source(cell):
    """Find the kind of a cell.

    Parameters
    ----------
    cell : object
        Anything.

    Returns
    -------
    source : CellSource
        How to open, identify and describe it.

    Examples
    --------
    >>> from skfusion.images.sources._find_source import find_source
    >>> find_source("front/18.png"), find_source(None).is_missing
    (<skfusion.images.sources._path_source.PathSource ...>, True)
    """
    kind = next(kind for kind in _KINDS if kind.accepts(cell))
    return kind(cell)


def is_missing(cell):
    """Return whether a cell holds no image."""
    return find_source(cell).is_missing


def describe(cell):
    """Return a few words by which a user finds a cell again."""
    return find_source(cell).describe()
