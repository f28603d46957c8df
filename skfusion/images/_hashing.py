"""Digests of content: bytes, arrays and PIL images."""

import os
from hashlib import blake2b

import numpy as np
from PIL import Image

from skfusion.images.formats._pillow import READ_ERRORS
from skfusion.images.formats._pillow_opening import check_size, guard_of
from skfusion.images.sources._files import open_file

_CHUNK = 1 << 18
_ORIENTATION = 0x0112  # EXIF's number of the tag


def digest_file(path):
    """The digest of a file's bytes, and what ``os.stat`` told before and after reading them."""
    digest = _hasher("bytes")
    with open_file(path) as file:
        before = os.fstat(file.fileno())
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return digest.digest(), before, os.fstat(file.fileno())


def digest_several(digests):
    """One digest for an image in several files; None if one of them has none."""
    if len(digests) == 1:
        return digests[0]
    if None in digests:
        return None
    digest = _hasher("files")
    for part in digests:
        digest.update(part)
    return digest.digest()


def digest_value(cell, max_pixels=None):
    """The digest of bytes, an array or a PIL image; ValueError for anything else."""
    if isinstance(cell, (bytes, bytearray, memoryview)):
        digest = _hasher("bytes")
        digest.update(bytes(cell))
        return digest.digest()
    if isinstance(cell, np.ndarray):
        return _digest_array(cell)
    if isinstance(cell, Image.Image):
        return _digest_image(cell, max_pixels)
    raise ValueError(f"a cell of type {type(cell).__name__} is no image")


def _digest_array(array):
    # Subclasses may hold more than values (a mask), objects are only known by where they lie.
    if type(array) not in (np.ndarray, np.memmap) or array.dtype.kind not in "biuf":
        raise ValueError(f"a {type(array).__name__} of dtype {array.dtype} has no digest")
    digest = _hasher("array")
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array))
    return digest.digest()


def _digest_image(image, max_pixels):
    try:
        with guard_of(image):
            if max_pixels is not None:
                check_size(image, max_pixels)
            image.load()  # some formats tell more once they are decoded
            about = (
                image.mode,
                image.size,
                image.getexif().get(_ORIENTATION),
                image.info.get("transparency"),
                None if image.palette is None else image.palette.mode,
                None if image.palette is None else image.getpalette(None),
            )
            pixels = image.tobytes()
    except READ_ERRORS as error:
        raise ValueError(str(error)) from error
    digest = _hasher("image")
    digest.update(repr(about).encode())
    digest.update(pixels)
    return digest.digest()


def _hasher(kind):
    """A digest of one kind of content; the same bytes of another kind give another digest."""
    return blake2b(digest_size=16, person=f"skfusion {kind}".encode())
