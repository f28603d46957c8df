"""The header of a DICOM file, and where its pixels begin.

pydicom's `dcmread` warns about values that break a rule of the standard (numbers that are too
long, for instance), which are frequent in practice, and it reads all frames. Here values are read
without its checks, and reading ends before the pixels.
"""

import io
import os
import zlib

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from skfusion.images._files import check_regular_file

_PIXELS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
_UNDEFINED = 0xFFFFFFFF


class DicomHeader:
    """The elements before the pixels, and a stream of the pixels.

    Parameters
    ----------
    dataset : Dataset
        The elements.

    syntax : UID
        The transfer syntax: how elements and pixels are encoded.

    keyword : str
        The name of the element that holds the pixels.

    pixel_vr : str
        Its type, "OB" or "OW".

    open_stream : callable
        Opens a file or bytes; ``open_stream()`` is to be closed.

    offset : int
        The position of the pixels in the stream.

    length : int
        The number of bytes of pixels; unknown for compressed ones.
    """

    def __init__(self, dataset, syntax, keyword, pixel_vr, open_stream, offset, length):
        self.dataset, self.syntax = dataset, syntax
        self.keyword, self.pixel_vr = keyword, pixel_vr
        self.open_stream, self.offset, self.length = open_stream, offset, length


def read_header(source, max_bytes):
    """Read a path, bytes or a pydicom Dataset up to its pixels.

    `max_bytes` is the size to which a file that is compressed as a whole may inflate.
    """
    if isinstance(source, (str, os.PathLike)):
        check_regular_file(source)
        return _from_stream(lambda: open(source, "rb"), max_bytes)
    if isinstance(source, (bytes, bytearray, memoryview)):
        content = bytes(source)
        return _from_stream(lambda: io.BytesIO(content), max_bytes)
    return _from_dataset(source)


def numbers(dataset, keyword):
    """Return all numbers of an element, as floats; an empty list where there are none."""
    element = dataset.get_item(keyword) if keyword in dataset else None
    if element is None or element.value is None:
        return []
    if isinstance(element, RawDataElement) and dictionary_VR(keyword) in ("DS", "IS"):
        parts = element.value.decode("ascii", "replace").split("\\")
        return [float(part) for part in map(_bare, parts) if part]
    value = dataset[keyword].value
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        value = [value]
    return [float(one) for one in value if one not in (None, "", b"")]


def number(dataset, keyword, default=None):
    """Return the first number of an element, or the default."""
    found = numbers(dataset, keyword)
    return found[0] if found else default


def text(dataset, keyword):
    """Return the first value of an element of text, in capitals; "" where there is none."""
    element = dataset.get_item(keyword) if keyword in dataset else None
    value = None if element is None else element.value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    elif value is not None and not isinstance(value, str):
        value = value[0] if len(value) else ""
    return _bare((value or "").split("\\")[0]).upper()


def _bare(value):
    return value.strip(" \0")


def _from_stream(open_stream, max_bytes):
    with open_stream() as stream:
        stream.seek(128)
        stream.seek(132 if stream.read(4) == b"DICM" else 0)
        meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
        syntax = UID(text(meta, "TransferSyntaxUID")) or _guess_syntax(stream)
        if syntax == DeflatedExplicitVRLittleEndian:
            inflated = _inflate(stream.read(), max_bytes)
            return _to_pixels(io.BytesIO(inflated), syntax, lambda: io.BytesIO(inflated))
        return _to_pixels(stream, syntax, open_stream)


def _to_pixels(stream, syntax, open_stream):
    """Read elements up to the pixels."""
    start = stream.tell()
    # Some files have another encoding than they name.
    implicit = not _is_explicit(stream.read(8))
    stream.seek(start)
    order = "<" if syntax.is_little_endian else ">"
    dataset = read_dataset(
        stream, implicit, order == "<", stop_when=lambda tag, vr, length: tag in _PIXELS
    )
    dataset.set_original_encoding(implicit, order == "<")
    name, about, length = stream.read(4), stream.read(4), stream.read(0 if implicit else 4)
    byteorder = "little" if order == "<" else "big"
    tag = int.from_bytes(name[:2], byteorder) << 16 | int.from_bytes(name[2:], byteorder)
    if tag not in _PIXELS:
        raise ValueError("it holds no pixels")
    vr = "OW" if implicit else about[:2].decode("ascii", "replace")
    length = int.from_bytes(about if implicit else length, byteorder)
    return DicomHeader(dataset, syntax, _PIXELS[tag], vr, open_stream, stream.tell(), length)


def _from_dataset(dataset):
    """Pixels that a Dataset holds in memory."""
    keyword = next((name for name in _PIXELS.values() if name in dataset), None)
    if keyword is None:
        raise ValueError("it holds no pixels")
    meta = getattr(dataset, "file_meta", None) or {}
    syntax = UID(str(meta.get("TransferSyntaxUID", "") or ""))
    if not syntax:
        _, little = dataset.original_encoding
        syntax = ExplicitVRLittleEndian if little is not False else ExplicitVRBigEndian
    element = dataset[keyword]
    content = element.value
    if not isinstance(content, bytes):
        raise ValueError("its pixels are not in memory")
    length = _UNDEFINED if syntax.is_encapsulated else len(content)
    return DicomHeader(dataset, syntax, keyword, element.VR, lambda: io.BytesIO(content), 0, length)


def _guess_syntax(stream):
    """Guess how the elements are encoded, where the file doesn't name it."""
    start = stream.tell()
    head = stream.read(8)
    stream.seek(start)
    if not _is_explicit(head):
        return ImplicitVRLittleEndian
    # Groups have small numbers; that of the wrong byte order is large.
    little = int.from_bytes(head[:2], "little") < int.from_bytes(head[:2], "big")
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _is_explicit(head):
    return head[4:6].isalpha() and head[4:6].isupper()


def _inflate(content, max_bytes):
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(content, max_bytes)
    if inflater.unconsumed_tail:
        raise ValueError(f"it inflates to more than {max_bytes} bytes")
    return inflated
