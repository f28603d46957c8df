"""Find which values are black and white in a column of images."""

import numpy as np

from skfusion._utils.prefetch import map_ahead
from skfusion.exceptions import ExtraNotFoundError
from skfusion.images._array_values import ArrayValues
from skfusion.images._image_reader import ImageReader
from skfusion.images._pixels import finite_values, has_open_range
from skfusion.images._value_range import (
    ValueRange,
    as_value_range,
    find_value_range,
    range_of_type,
)
from skfusion.images.remote._held_url import threads_for
from skfusion.images.sources._find_source import find_source

# Of files, which have to be decoded for it, so many are looked at, evenly spaced.
_MOST_FILES = 256


def learn_value_range(column, reader):
    """Find the range of values that the images of a column have in common.

    Parameters
    ----------
    column : ImageColumn
        The images.

    reader : ImageReader
        Opens them; its own `value_range` is the answer where it has one.

    Returns
    -------
    value_range : ValueRange
        For floats and signed integers. Its origin is "type" where the column has none of these:
        then it is that of the largest type of arrays, or of bytes.
    """
    given = as_value_range(getattr(reader, "value_range", None))
    if given is not None:
        return given
    found = find_value_range(_measure_arrays(column) + _measure_files(column, reader))
    return _range_of_types(column) if found is None else found


def _measure_arrays(column):
    """Return ArrayValues of all arrays of an open range."""
    found = []
    for cell in column.first:
        array = column.cells[cell]
        if isinstance(array, np.ndarray) and has_open_range(array.dtype):
            values = finite_values(array)
            if values.size:
                found.append(ArrayValues.of(values))
    return found


def _measure_files(column, reader):
    """Return ArrayValues of files, bytes and PIL images of an open range."""
    if not isinstance(reader, ImageReader) or isinstance(column.cells, np.ndarray):
        return []
    sources = [find_source(column.cells[cell]) for cell in column.first]
    sources = [one for one in sources if one.may_have_open_range() and not _is_array(one)]
    places = np.unique(np.linspace(0, len(sources) - 1, min(len(sources), _MOST_FILES)).astype(int))

    def measure(place):
        return _measure(sources[place], reader)

    n_threads = threads_for(column.cells)

    return [found for found in map_ahead(measure, places, n_threads) if found is not None]


def _measure(source, reader):
    try:
        with reader._open(source.cell) as image:
            if not image.has_open_range:
                return None
            values = finite_values(image.values())
    except (ValueError, ExtraNotFoundError):
        return None  # reported with its row when it is read
    return ArrayValues.of(values) if values.size else None


def _is_array(source):
    return isinstance(source.cell, np.ndarray)


def _range_of_types(column):
    """Return the range of the largest type of arrays that has one; else that of bytes."""
    if isinstance(column.cells, np.ndarray) and column.cells.dtype != object:
        dtypes = {column.cells.dtype}
    else:
        dtypes = {cell.dtype for cell in column.cells if isinstance(cell, np.ndarray)}
    ranges = [range_of_type(dtype) for dtype in dtypes if dtype.kind in "bu"]
    return max(ranges, key=lambda one: one.high, default=ValueRange(0.0, 255.0, "type"))
