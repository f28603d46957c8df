"""Facts of an image: its format, mode and size, and digests that show what is alike."""

import os
from hashlib import blake2b, file_digest

import numpy as np

from skfusion.images._files import files_of, locate, open_file
from skfusion.images._image_reader import ImageReader
from skfusion.images.formats._open_medical import MEDICAL_FORMATS
from skfusion.images.formats._signature import format_of_stream
from skfusion.images.remote._held_url import download_cell
from skfusion.images.remote._remote_access import RemoteAccess
from skfusion.images.sources._find_source import find_source

# Larger files are decoded where they lie, smaller ones from the bytes that were digested.
_HELD_BYTES = 1 << 26
FACTS = (
    "reason",
    "format",
    "mode",
    "height",
    "width",
    "channels",
    "frames",
    "bytes",
    "blank",
    "content",
    "pixels",
)


def find_facts(reader, cell, decode):
    """Find the facts of one cell; what is wrong with it is one of them.

    Parameters
    ----------
    reader : ImageReader
        Opens the cell.

    cell : object
        Any cell that isn't missing.

    decode : bool
        Whether to decode the pixels.

    Returns
    -------
    facts : dict
        One entry for each name in `FACTS`, None for what isn't known. `reason` is None for an
        image that can be read.
    """
    return read_with_facts(reader, cell, decode)[0]


def read_with_facts(reader, cell, decode=True):
    """Find the facts of one cell, and return them with its pixels and its bytes.

    Parameters
    ----------
    reader : ImageReader
        Opens the cell.

    cell : object
        Any cell that isn't missing.

    decode : bool, default=True
        Whether to decode the pixels.

    Returns
    -------
    facts : dict
        As `find_facts`.

    pixels : ndarray of shape (height, width, 1 or 3) or None
        None for an image that can't be read, and without `decode`.

    source : object
        The bytes of the file, where they were read; else the cell.
    """
    facts, pixels, source = dict.fromkeys(FACTS), None, cell
    try:
        source = _load(reader, cell, facts)
        facts.update(_header(reader, source))
        shape = reader.probe(source)
        if decode:
            pixels = reader.read(source)
            shape = pixels.shape
            facts["blank"] = bool((pixels == pixels[:1, :1]).all())
            facts["pixels"] = _digest(repr(shape).encode(), np.ascontiguousarray(pixels))
        facts.update(zip(("height", "width", "channels"), shape, strict=True))
    except (ValueError, OSError, ImportError) as error:
        facts["reason"] = str(error).encode("utf-8", "backslashreplace").decode()
    return facts, pixels, source


def _load(reader, cell, facts):
    """Return a cell, or the bytes of its file, so that it is opened once; note bytes and digest."""
    source = find_source(cell)
    if source.url is not None and isinstance(reader, ImageReader):
        access = RemoteAccess.of(reader)
        if access is None:
            return cell  # the reader raises the error
        content = download_cell(source.url, access).content
        facts["bytes"], facts["content"] = len(content), _digest(content)
        return content or cell
    if source.path is None or not isinstance(reader, ImageReader):
        content = source.content()
        if content is not None:
            facts["bytes"], facts["content"] = len(content), _digest(content)
        return cell
    path = locate(source.path, reader.root, reader.strict_root)
    with open_file(path) as file:
        facts["bytes"] = os.fstat(file.fileno()).st_size
        held = facts["bytes"] <= _HELD_BYTES
        if held and format_of_stream(file, path) not in MEDICAL_FORMATS:
            content = file.read()
            facts["content"] = _digest(content)
            return content or cell  # of no bytes, the reader has a better reason for a file
    facts["content"] = "".join(_digest_of_file(name) for name in files_of(path))
    return cell


def _header(reader, cell):
    if not isinstance(reader, ImageReader):
        return {}
    with reader._open(cell) as image:
        return image.facts()


def _digest(*parts):
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _digest_of_file(path):
    with open_file(path) as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
