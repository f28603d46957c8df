"""Write TIFF files of samples that are no whole number of bytes, which few libraries write."""

import struct

import numpy as np

PHOTOMETRICS = ("miniswhite", "minisblack")


def packed_tiff(array, bits, photometric="minisblack"):
    """Return an uncompressed TIFF file with one sample a pixel.

    Parameters
    ----------
    array : ndarray of shape (height, width)
        Whole numbers below ``2 ** bits``.

    bits : int
        The bits of a sample. Rows begin with a new byte.

    photometric : {"minisblack", "miniswhite"}, default="minisblack"
        Whether 0 is black or white.
    """
    height, width = array.shape
    ones = (array[..., np.newaxis].astype(np.int64) >> np.arange(bits)[::-1]) & 1
    packed = np.packbits(ones.reshape(height, -1).astype(np.uint8), axis=1)
    values = [
        (256, width),
        (257, height),
        (258, bits),
        (259, 1),  # no compression
        (262, PHOTOMETRICS.index(photometric)),
        (273, 8),  # the pixels follow the header
        (277, 1),
        (278, height),
        (279, packed.size),
    ]
    padding = packed.size % 2
    start = 8 + packed.size + padding
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values)
    header = struct.pack("<2sHI", b"II", 42, start)
    directory = struct.pack("<H", len(values)) + entries + struct.pack("<I", 0)
    return header + packed.tobytes() + b"\0" * padding + directory
