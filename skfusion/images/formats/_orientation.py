"""The rotation that makes an image upright (EXIF and TIFF)."""

ORIENTATION = 0x0112  # the number of the tag
_SIDEWAYS = (5, 6, 7, 8)
# For each value of the tag: whether to swap the axes, then to flip rows and columns.
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def is_sideways(orientation):
    """Return whether height and width are swapped when an image is turned upright."""
    return orientation in _SIDEWAYS


def turn_upright(array, orientation):
    """Turn an array of shape (height, width, channels) by the value of the tag."""
    if orientation not in _TURNS:
        return array
    swap, flip_rows, flip_columns = _TURNS[orientation]
    if swap:
        array = array.swapaxes(0, 1)
    return array[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
