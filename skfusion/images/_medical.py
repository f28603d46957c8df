"""Which cells are DICOM or NIfTI, told by their content, and who reads them."""

import os
import zlib
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from skfusion.exceptions import ExtraNotFoundError
from skfusion.images._column import describe

# The packages of the extra `medical` whose versions may change pixels.
_PACKAGES = ("pydicom", "nibabel", "pylibjpeg-openjpeg", "pyjpegls", "python-gdcm")
_HEAD = 1024
_NIFTI_1, _NIFTI_2 = (b"n+1\0", b"ni1\0"), (b"n+2\0", b"ni2\0")
_PAIR = {".hdr": ".img", ".img": ".hdr"}
# A DICOM file may lack the preamble; it begins with an element of group 2 or 8 then. These come
# first in practice, and no picture that Pillow reads (TGA above all) begins like them.
_FIRST_ELEMENTS = {(2, 0), (2, 1), (2, 2), (2, 0x10), (8, 0), (8, 5), (8, 8), (8, 0x12)}
_FIRST_ELEMENTS |= {(8, 0x16), (8, 0x18)}


def find_opener(cell, path=None):
    """The function that opens a medical cell; None for every other cell.

    Parameters
    ----------
    cell : object
        Any cell, as the user gave it: errors name it.

    path : str, PathLike or None, default=None
        Where the file lies, for a cell that is a path.

    Returns
    -------
    open_volume : callable or None
        ``open_volume(source, max_pixels)`` gives a volume; `source` is the path, or the cell.

    Raises
    ------
    ExtraNotFoundError
        If the cell is medical and the package that reads it is missing.
    """
    kind = _kind_of_file(path) if path is not None else _kind_of_value(cell)
    if kind is None:
        return None
    package, module = {"DICOM": ("pydicom", "_dicom"), "NIfTI": ("nibabel", "_nifti")}[kind]
    try:
        import_module(package)
    except ImportError:
        raise ExtraNotFoundError(
            f"{describe(cell)} is {kind}, which {package} reads, and {package} is not installed: "
            "pip install 'skfusion[medical]'"
        ) from None
    return import_module(f"skfusion.images.{module}").open_volume


def is_medical_file(path):
    """Whether a regular file is DICOM or NIfTI."""
    return _kind_of_file(path) is not None


def files_of(path):
    """The files that hold a picture: [path], or header and voxels of a NIfTI or Analyze pair."""
    path = os.fspath(path)
    stem, suffix = os.path.splitext(path)
    other = _PAIR.get(suffix.lower())
    if other is None:
        return [path]
    partner = stem + (other.upper() if suffix.isupper() else other)
    if not os.path.isfile(partner):
        return [path]
    return [path, partner] if other == ".img" else [partner, path]


def versions():
    """The versions of all that turns medical files into pixels; None for what isn't installed."""
    return tuple(map(_version, _PACKAGES))


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _kind_of_value(cell):
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return _kind_of_head(bytes(cell[:_HEAD]))
    # Without importing either package to ask: who has such an object has imported it.
    for base in type(cell).__mro__:
        if base.__module__.startswith("pydicom.") and base.__name__ == "Dataset":
            return "DICOM"
        if base.__module__.startswith("nibabel.") and base.__name__ == "SpatialImage":
            return "NIfTI"
    return None


def _kind_of_file(path):
    try:
        # A FIFO would wait for ever; whoever reads the cell tells what is wrong with it.
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return None
    if Path(path).suffix.lower() in _PAIR and (_is_analyze(head) or len(files_of(path)) == 2):
        return "NIfTI"
    return _kind_of_head(head)


def _kind_of_head(head):
    if head[128:132] == b"DICM":
        return "DICOM"
    if head[:2] == b"\x1f\x8b":
        head = _inflated(head)
    if head[344:348] in _NIFTI_1 or head[4:8] in _NIFTI_2:
        return "NIfTI"
    return "DICOM" if _starts_with_an_element(head) else None


def _is_analyze(head):
    """Analyze 7.5, NIfTI's forerunner, has no magic bytes; its first field is its length."""
    return head[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c")


def _inflated(head):
    try:
        return zlib.decompressobj(31).decompress(head, _HEAD)
    except zlib.error:
        return b""


def _starts_with_an_element(head):
    """Whether these are the tag, and the type or length, of a DICOM element."""
    if len(head) < 8:
        return False
    for order in ("little", "big"):
        tag = int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order)
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        short = int.from_bytes(head[4:8], order) <= 64
        if tag in _FIRST_ELEMENTS and (explicit or short):
            return True
    return False
