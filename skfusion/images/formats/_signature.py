"""The format of a file, by its first bytes."""

import zlib

from skfusion.images._files import files_of, is_half_of_a_pair

HEAD_LENGTH = 1024
_NIFTI_1, _NIFTI_2 = (b"n+1\0", b"ni1\0"), (b"n+2\0", b"ni2\0")
# A DICOM file may lack the preamble. It begins with an element of group 2 or 8 then, followed by
# its type, or by its length: of the latter, those are left out that could be TGA images, whose
# third byte is 1, 2, 3, 9, 10 or 11.
_GROUPS = (2, 8)
_TYPES = (b"UL", b"OB", b"UI", b"CS", b"SH", b"DA", b"TM")
_UNTYPED = (0, 5, 8, 0x12, 0x16, 0x18)
# TIFF and BigTIFF, in both byte orders.
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# What JPEG, PNG, GIF, WebP, JPEG 2000 and BMP files begin with; "?" is any byte.
_OTHERS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF8",
    b"RIFF????WEBP",
    b"\0\0\0\x0cjP  ",
    b"BM????\0\0\0\0",
)
# Formats of floats or signed integers: TIFF, FITS, PFM.
_OPEN_RANGE = (*_TIFF, b"SIMPLE  =", b"PF\n", b"Pf\n")


def find_format(head, path=None):
    """Return the format of a file that needs a reader other than Pillow.

    Parameters
    ----------
    head : bytes
        The first `HEAD_LENGTH` bytes, or all of fewer.

    path : str or None, default=None
        The path of the file; a pair of header and voxels is known by its names.

    Returns
    -------
    name : {"DICOM", "NIfTI", "TIFF", "HEIF"} or None
        None for all other content.
    """
    in_pair = path is not None and is_half_of_a_pair(path)
    if in_pair and (_is_analyze(head) or len(files_of(path)) == 2):
        return "NIfTI"
    if head[128:132] == b"DICM":  # after any 128 bytes, even the header of a TIFF file
        return "DICOM"
    if head[:4] in _TIFF:
        return "TIFF"
    if head[4:8] == b"ftyp" and _is_heif(head):
        return "HEIF"
    if head[:2] == b"\x1f\x8b":
        head = _inflated(head)
    if head[344:348] in _NIFTI_1 or head[4:8] in _NIFTI_2:
        return "NIfTI"
    return "DICOM" if _starts_with_an_element(head) else None


def format_of_stream(file, path=None):
    """Return the format of a file that is open at its start, as `find_format`."""
    head = file.read(HEAD_LENGTH)
    file.seek(0)
    return find_format(head, path)


def begins_like_image(head):
    """Return whether first bytes are those of a frequent format of images."""
    return find_format(head) is not None or any(_matches(head, known) for known in _OTHERS)


def may_begin_open_range(head):
    """Return whether first bytes are those of a format that can hold floats."""
    return any(head.startswith(known) for known in _OPEN_RANGE)


def _is_heif(head):
    """Return whether a brand of the file type box is one of HEIC; AVIF is read by Pillow."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, length, 4))]
    return b"avif" not in brands and any(brand in _HEIF_BRANDS for brand in brands)


def _is_analyze(head):
    """Return whether the first field is the length of an Analyze 7.5 header.

    Analyze is the forerunner of NIfTI, and has no magic bytes.
    """
    return head[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c")


def _inflated(head):
    try:
        return zlib.decompressobj(31).decompress(head, HEAD_LENGTH)
    except zlib.error:
        return b""


def _starts_with_an_element(head):
    """Return whether these are the tag, and the type or length, of a DICOM element."""
    if len(head) < 8:
        return False
    for order in ("little", "big"):
        group, element = int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order)
        short = 0 < int.from_bytes(head[4:8], order) <= 64
        if group in _GROUPS and (head[4:6] in _TYPES or (short and element in _UNTYPED)):
            return True
    return False


def _matches(head, known):
    pairs = zip(head, known, strict=False)
    return len(head) >= len(known) and all(k in (byte, ord("?")) for byte, k in pairs)
