"""Which memory of a process others share with it."""

import psutil


def private_share(array):
    """Which part of the mappings that an array lies in no other process shares."""
    first, last = array.ctypes.data, array.ctypes.data + array.nbytes
    size = private = 0
    for mapping in psutil.Process().memory_maps(grouped=False):
        start, end = (int(address, 16) for address in mapping.addr.split("-"))
        if start < last and first < end:
            size += mapping.rss
            private += mapping.private_clean + mapping.private_dirty
    return private / size
