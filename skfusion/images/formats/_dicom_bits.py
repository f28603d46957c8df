"""The bits of a stored DICOM sample that are its value."""

import numpy as np


def keep_stored_bits(array, bits_stored, low_bit, is_signed):
    """Return samples without the bits above and below those that are stored.

    Parameters
    ----------
    array : ndarray of int
        Samples as they are allocated. Bits that are not stored may hold anything, in old files an
        overlay.

    bits_stored : int
        How many bits are the value.

    low_bit : int
        The number of its lowest bit.

    is_signed : bool
        Whether the highest bit stored is a sign.

    Returns
    -------
    array : ndarray of int
        The same, if nothing has to be removed.
    """
    allocated = 8 * array.dtype.itemsize
    above = allocated - bits_stored - low_bit
    if array.dtype.kind not in "iu" or above < 0 or (above == 0 and low_bit == 0):
        return array
    order = array.dtype.newbyteorder("=")
    kind = np.dtype(f"{'i' if is_signed else 'u'}{array.dtype.itemsize}")
    # Up to the highest bit and down again: the right shift of a signed type repeats the sign.
    shifted = np.left_shift(array.astype(order).view(kind), above)
    return np.right_shift(shifted, above + low_bit)


def unpack_bits(content, first_bit, shape):
    """Return one frame of one bit a pixel, which may begin inside a byte.

    Parameters
    ----------
    content : bytes
        From the byte on that holds the first bit.

    first_bit : int
        Where the frame begins in that byte, from the lowest bit.

    shape : tuple (rows, columns)
        The shape of the frame.

    Returns
    -------
    frame : ndarray of uint8 of shape (rows, columns)
        0 and 1.
    """
    n_pixels = shape[0] * shape[1]
    bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
    return bits[first_bit : first_bit + n_pixels].reshape(shape)
