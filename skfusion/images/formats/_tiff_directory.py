"""The directories (IFDs) of a TIFF file, read before any decoder sees the file."""

import struct
from dataclasses import dataclass
from typing import Any

# Type of a value: its size in bytes, and its format for struct.
_TYPES = {
    1: (1, "B"),
    2: (1, "s"),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, None),
    6: (1, "b"),
    7: (1, "s"),
    8: (2, "h"),
    9: (4, "i"),
    10: (8, None),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
    16: (8, "Q"),
    17: (8, "q"),
    18: (8, "Q"),
}
# Values of tags that have more of them, or more bytes, are not read.
_MOST_VALUES = 64
# What all tags of a page may hold together: offsets of so many strips or tiles. Text and bytes,
# of one byte each, are left out.
_MOST_NUMBERS = 1 << 22
_MOST_PAGES = 1 << 16


@dataclass(frozen=True)
class TiffDirectory:
    """The tags of one page.

    Parameters
    ----------
    tags : dict of int to int, float, str or tuple
        The values of small tags.

    counts : dict of int to int
        How many values each tag has.

    n_pages : int
        How many pages the file has.

    index : int
        The number of this page.
    """

    tags: dict[str, Any]
    counts: dict[str, Any]
    n_pages: int
    index: int

    def first(self, tag, default=None):
        """Return the first value of a tag."""
        value = self.tags.get(tag, default)
        return value[0] if isinstance(value, tuple) else value


def read_directory(file, find_index):
    """Read the tags of one page.

    Parameters
    ----------
    file : binary file
        The whole file.

    find_index : callable
        ``find_index(n_pages)`` gives the number of the page.

    Returns
    -------
    directory : TiffDirectory
        Its tags.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    length = file.seek(0, 2)
    order, is_big, offset = _read_header(file)
    offsets = _find_pages(file, order, is_big, offset, length)
    index = find_index(len(offsets))
    # A decoder reads the first page, too.
    for place in sorted({0, index}):
        tags, counts = _read_tags(file, order, is_big, offsets[place], length)
    return TiffDirectory(tags, counts, len(offsets), index)


def _read_header(file):
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    is_big = head[2:4] in (b"+\0", b"\0+")
    layout, place = ("Q", 8) if is_big else ("I", 4)
    return order, is_big, struct.unpack_from(order + layout, head, place)[0]


def _find_pages(file, order, is_big, offset, length):
    """Return where the directory of each page begins."""
    count_format, entry_size, next_format = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    offsets = []
    seen = set()
    while offset:
        if offset in seen or offset >= length or len(offsets) == _MOST_PAGES:
            break  # a page that can't be reached is as good as none
        seen.add(offset)
        offsets.append(offset)
        n_entries = _unpack(file, order + count_format, offset)
        place = offset + struct.calcsize(count_format) + n_entries * entry_size
        try:
            offset = _unpack(file, order + next_format, place)
        except ValueError:  # the last one may lack it
            break
    if not offsets:
        raise ValueError("the TIFF file is damaged: it has no page")
    return offsets


def _unpack(file, layout, offset):
    size = struct.calcsize("=" + layout[1:])
    file.seek(offset)
    content = file.read(size)
    if len(content) < size:
        raise ValueError("the TIFF file is truncated or damaged")
    return struct.unpack(layout, content)[0]


def _read_tags(file, order, is_big, offset, length):
    """Return small values, and the counts of all."""
    n_entries = _unpack(file, order + ("Q" if is_big else "H"), offset)
    entry_size, start = (20, 8) if is_big else (12, 2)
    if n_entries * entry_size > length:
        raise ValueError("the TIFF file is truncated or damaged")
    file.seek(offset + start)
    entries = file.read(n_entries * entry_size)
    tags, counts, n_numbers = {}, {}, 0
    for place in range(0, len(entries) - entry_size + 1, entry_size):
        entry = entries[place : place + entry_size]
        tag, kind, count = struct.unpack_from(order + ("HHQ" if is_big else "HHI"), entry)
        size, code = _TYPES.get(kind, (1, None))
        if count * size > length:
            raise ValueError(f"the TIFF file is damaged: tag {tag} is larger than the file")
        counts[tag] = count
        n_numbers += count if size > 1 else 0
        if code is not None and count <= _MOST_VALUES:
            value = _read_value(file, order, is_big, entry, count, size, code)
            if value is not None:
                tags[tag] = value
    if n_numbers > _MOST_NUMBERS:
        raise ValueError(f"a page of {n_numbers} numbers in its TIFF tags isn't supported")
    return tags, counts


def _read_value(file, order, is_big, entry, count, size, code):
    room = 8 if is_big else 4
    if count * size <= room:
        content = entry[-room:]
    else:
        file.seek(struct.unpack(order + ("Q" if is_big else "I"), entry[-room:])[0])
        content = file.read(count * size)
    if len(content) < count * size or not count:
        return None
    if code == "s":
        return content[:count].decode("latin-1")
    values = struct.unpack_from(f"{order}{count}{code}", content)
    return values[0] if count == 1 else values
