"""Digests of files, bytes, arrays and PIL images."""

import os
from hashlib import blake2b

import numpy as np
from PIL import Image

from skfusion.images.formats._pillow import READ_ERRORS
from skfusion.images.formats._pillow_opening import check_size, guard_of
from skfusion.images.sources._files import open_file

_CHUNK = 1 << 18
_ORIENTATION = 0x0112  # the tag in EXIF


def digest_file(path):
    """Compute the digest of a file's bytes.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    digest : bytes of length 16
        The digest.

    before, after : os.stat_result
        The status of the file before and after it was read.
    """
    digest = _new_hash("bytes")
    with open_file(path) as file:
        before = os.fstat(file.fileno())
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return digest.digest(), before, os.fstat(file.fileno())


def combine_digests(digests):
    """Return the digest of an image in several files; None if one of them has none."""
    if len(digests) == 1:
        return digests[0]
    if None in digests:
        return None
    digest = _new_hash("files")
    for part in digests:
        digest.update(part)
    return digest.digest()


def digest_value(cell, max_pixels=None):
    """Compute the digest of bytes, an array or a PIL image; raise ValueError for other types."""
    if isinstance(cell, (bytes, bytearray, memoryview)):
        digest = _new_hash("bytes")
        digest.update(bytes(cell))
        return digest.digest()
    if isinstance(cell, np.ndarray):
        return _digest_array(cell)
    if isinstance(cell, Image.Image):
        return _digest_image(cell, max_pixels)
    raise ValueError(f"a cell of type {type(cell).__name__} is no image")


def _digest_array(array):
    # Subclasses may hold more than values (a mask), and objects are identified by their address.
    if type(array) not in (np.ndarray, np.memmap) or array.dtype.kind not in "biuf":
        raise ValueError(f"a {type(array).__name__} of dtype {array.dtype} has no digest")
    digest = _new_hash("array")
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array))
    return digest.digest()


def _digest_image(image, max_pixels):
    try:
        with guard_of(image):
            if max_pixels is not None:
                check_size(image, max_pixels)
            image.load()  # some attributes are set by decoding only
            attributes = (
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
    digest = _new_hash("image")
    digest.update(repr(attributes).encode())
    digest.update(pixels)
    return digest.digest()


def _new_hash(kind):
    """Return a hash of one kind of content; equal bytes of another kind have another digest."""
    return blake2b(digest_size=16, person=f"skfusion {kind}".encode())
