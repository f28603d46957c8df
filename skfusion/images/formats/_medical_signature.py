"""Which cells are DICOM or NIfTI, told by their content."""

import os
import zlib
from pathlib import Path

_HEAD = 1024
_NIFTI_1, _NIFTI_2 = (b"n+1\0", b"ni1\0"), (b"n+2\0", b"ni2\0")
_PAIR = {".hdr": ".img", ".img": ".hdr"}
# A DICOM file may lack the preamble. It begins with an element of group 2 or 8 then, followed by
# its type, or by its length: of the latter, those are left out that could be TGA images, whose
# third byte is 1, 2, 3, 9, 10 or 11.
_GROUPS = (2, 8)
_TYPES = (b"UL", b"OB", b"UI", b"CS", b"SH", b"DA", b"TM")
_UNTYPED = (0, 5, 8, 0x12, 0x16, 0x18)


def files_of(path):
    """The files that hold an image: [path], or header and voxels of a NIfTI or Analyze pair."""
    path = os.fspath(path)
    stem, suffix = os.path.splitext(path)
    other = _PAIR.get(suffix.lower())
    if other is None:
        return [path]
    partner = stem + (other.upper() if suffix.isupper() else other)
    if not os.path.isfile(partner):
        return [path]
    return [path, partner] if other == ".img" else [partner, path]


def kind_of_value(cell):
    """DICOM or NIfTI for bytes and objects of pydicom and nibabel; None for all else."""
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return _kind_of_head(bytes(cell[:_HEAD]))
    # Without importing either package to ask: who has such an object has imported it.
    for base in type(cell).__mro__:
        if base.__module__.startswith("pydicom.") and base.__name__ == "Dataset":
            return "DICOM"
        if base.__module__.startswith("nibabel.") and base.__name__ == "SpatialImage":
            return "NIfTI"
    return None


def kind_of_file(path):
    """DICOM or NIfTI by a file's first bytes; None for all else."""
    try:
        # A FIFO would wait for ever; whoever reads the cell tells what is wrong with it.
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError):
        return None
    return _kind_at(path, head)


def kind_of_opened(file, path):
    """DICOM or NIfTI by the first bytes of a file that is open at its start; None for others."""
    head = file.read(_HEAD)
    file.seek(0)
    return _kind_at(path, head)


def _kind_at(path, head):
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
        group, element = int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order)
        short = 0 < int.from_bytes(head[4:8], order) <= 64
        if group in _GROUPS and (head[4:6] in _TYPES or (short and element in _UNTYPED)):
            return True
    return False
