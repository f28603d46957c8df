"""Medical cells: which module reads them, if its package is installed."""

from importlib.metadata import PackageNotFoundError, version

from skfusion.exceptions import ExtraNotFoundError
from skfusion.images._image_column import describe

# The packages of the extra `medical` whose versions may change pixels.
_PACKAGES = ("pydicom", "nibabel", "imagecodecs", "pylibjpeg-openjpeg", "pyjpegls")


def find_opener(kind, cell):
    """The function that opens a medical cell.

    Parameters
    ----------
    kind : {"DICOM", "NIfTI"}
        What the cell holds.

    cell : object
        The cell, as the user gave it: errors name it.

    Returns
    -------
    open_volume : callable
        ``open_volume(source, max_pixels)`` gives a volume; `source` is the path, or the cell.

    Raises
    ------
    ExtraNotFoundError
        If the package that reads it is missing.
    """
    try:
        if kind == "DICOM":
            from skfusion.images.formats._dicom import open_volume
        else:
            from skfusion.images.formats._nifti import open_volume
    except ImportError as error:
        raise ExtraNotFoundError(
            f"{describe(cell)} is a {kind} image, and what reads it can't be imported ({error}): "
            "pip install 'skfusion[medical]'"
        ) from error
    return open_volume


def versions():
    """The versions of all that turns medical files into pixels; None for what isn't installed."""
    return tuple(map(_version, _PACKAGES))


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None
