"""Look at the images of a column, each distinct one once."""

import os

import numpy as np

from skfusion._utils.prefetch import map_ahead, split
from skfusion._utils.progress import progress_bar
from skfusion.images.remote._held_url import threads_for
from skfusion.images.sources._find_source import describe, find_source, is_missing

_IMAGES_PER_TASK = 8


def list_entries(name, cells):
    """Yield column, row and cell; several of a row where its cell is a list."""
    for row, cell in enumerate(cells):
        for one in images_of(cell):
            yield name, row, one


def images_of(cell):
    """Return the images of a cell, of which a list has several; None is a missing one."""
    if isinstance(cell, np.ndarray) and cell.dtype == object and cell.ndim == 1:
        cell = cell.tolist()  # a list, as it comes out of a Parquet file
    several = cell if isinstance(cell, (list, tuple)) else [cell]
    return several or [None]


def source_text(cell):
    """Return the source of a cell, in any encoding of the file system, as text."""
    return describe(cell).encode("utf-8", "backslashreplace").decode()


def map_distinct(function, cells, verbose, description):
    """Apply a function to the cells, in threads.

    Parameters
    ----------
    function : callable
        Called with the number and the cell of each distinct image, in a thread.

    cells : list
        The cells.

    verbose : int
        1 shows a progress bar.

    description : str
        The text before the bar.

    Returns
    -------
    results : list
        One for each cell; None for missing ones.
    """
    keys = [None if is_missing(cell) else _key(cell) for cell in cells]
    distinct = {}
    for key, cell in zip(keys, cells, strict=True):
        if key is not None:
            distinct.setdefault(key, cell)
    found, numbers = {}, {key: number for number, key in enumerate(distinct)}

    def look(names):
        return [(name, function(numbers[name], distinct[name])) for name in names]

    n_threads = threads_for(cells)
    tasks = split(list(distinct), _IMAGES_PER_TASK if n_threads is None else 1)
    bar = progress_bar(verbose, total=len(distinct), description=description, unit="image")
    with bar as shown:
        for pairs in map_ahead(look, tasks, n_threads):
            found.update(pairs)
            shown.update(len(pairs))
    return [found.get(key) for key in keys]


def _key(cell):
    """Return a key of cells that are the same."""
    source = find_source(cell)
    name = source.path if source.url is None else source.url
    return id(cell) if name is None else os.fsdecode(name)
