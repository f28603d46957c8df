"""What can be told of an image: its format, mode and size, and digests that show what is alike."""

import os
from hashlib import blake2b, file_digest

import numpy as np

from skfusion.images._image_reader import ImageReader
from skfusion.images.formats._medical_signature import files_of, kind_of_opened
from skfusion.images.sources._files import locate, open_file

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
    """Look at one cell; never raises for what is wrong with it.

    Parameters
    ----------
    reader : ImageReader
        How cells are opened.

    cell : object
        Any cell that isn't missing.

    decode : bool
        Whether pixels are looked at, too.

    Returns
    -------
    facts : dict
        One entry for each name in `FACTS`, None for what isn't known. `reason` is None for an
        image that can be read.
    """
    facts = dict.fromkeys(FACTS)
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
    return facts


def _load(reader, cell, facts):
    """What to read instead of a cell: the bytes of a file, so that it is opened once."""
    if isinstance(cell, (bytes, bytearray, memoryview)):
        facts["bytes"], facts["content"] = len(cell), _digest(cell)
    if not isinstance(cell, (str, os.PathLike)) or not isinstance(reader, ImageReader):
        return cell
    path = locate(cell, reader.root, reader.strict_root)
    with open_file(path) as file:
        facts["bytes"] = os.fstat(file.fileno()).st_size
        if kind_of_opened(file, path) is None and facts["bytes"] <= _HELD_BYTES:
            content = file.read()
            facts["content"] = _digest(content)
            return content or cell  # of no bytes, the reader says it better of a file
    facts["content"] = "".join(_digest_of_file(name) for name in files_of(path))
    return cell


def _header(reader, source):
    if isinstance(source, np.ndarray):
        return {"format": "array", "mode": str(source.dtype), "frames": 1}
    if not isinstance(reader, ImageReader):
        return {}
    with reader._reasons():
        return reader._ask(source, _facts_of_image, _facts_of_volume)


def _facts_of_image(image):
    frames = getattr(image, "n_frames", 1)
    return {"format": image.format or "PIL image", "mode": image.mode, "frames": frames}


def _facts_of_volume(opened, options):
    n_slices, shape = opened.slices(options.plane)
    return {
        "format": "DICOM" if type(opened).__name__ == "DicomVolume" else "NIfTI",
        "mode": "gray" if shape[2] == 1 else "color",
        "frames": n_slices,
    }


def _digest(*parts):
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _digest_of_file(path):
    with open_file(path) as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
