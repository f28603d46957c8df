"""check_images: report what the images of a table are like, before training."""

import os

import numpy as np
import pandas as pd

from skfusion._utils.other_tables import refuse_other_tables
from skfusion._utils.prefetch import map_ahead, split
from skfusion._utils.progress import progress_bar
from skfusion._utils.typing import ImageInput
from skfusion.images._image_reader import ImageReader, check_reader
from skfusion.images.remote._held_url import threads_for
from skfusion.images.sources._array_source import ArraySource
from skfusion.images.sources._find_source import describe, find_source, is_missing
from skfusion.images.sources._unknown_source import UnknownSource
from skfusion.reports._image_facts import FACTS, find_facts
from skfusion.reports._image_report import ImageReport

_IMAGES_PER_TASK = 8
_NUMBERS = ("height", "width", "channels", "frames", "bytes")


def check_images(
    X: ImageInput,
    reader: ImageReader | None = None,
    *,
    decode: bool = True,
    verbose: int = 0,
) -> ImageReport:
    """Read the images of a table, and report what they are like and what is wrong with them.

    Use it before training: the report names the rows without an image, the files that can't be
    read and why, the sizes and modes, and the rows that show the same image. A bad image raises
    no error. The command ``skfusion check table.csv --image column`` prints the report.

    Parameters
    ----------
    X : Series, DataFrame, list or ndarray
        Columns of images: cells of any kind that `ImageReader` reads, or lists of these. Every
        column of a DataFrame (pandas or polars) counts as one of images.

    reader : ImageReader or None, default=None
        Reads the cells; None is ``ImageReader()``.

    decode : bool, default=True
        Whether images are decoded. False reads headers and bytes only: several times faster,
        but damage after the header isn't found, nor equal pixels in different files.

    verbose : int, default=0
        1 shows a progress bar on the standard error stream.

    Returns
    -------
    report : ImageReport
        ``print(report)`` shows it; ``report.rows`` is a DataFrame of all rows.

    See Also
    --------
    ImageReader : Read cells as pixels.

    Notes
    -----
    Images are read in up to four threads, and none is kept: memory stays flat. URLs are read in up
    to 64. Equal cells are read once.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import check_images
    >>> gray, dark = np.full((4, 6), 128, dtype="uint8"), np.arange(24, dtype="uint8").reshape(4, 6)
    >>> report = check_images(pd.Series([gray, dark, None, dark, "nowhere.png"], name="scan"))
    >>> report.n_ok, report.n_missing, report.n_broken
    (3, 1, 1)
    >>> report.broken[["row", "source", "reason"]].values.tolist()
    [[4, 'nowhere.png', 'no such file']]
    >>> report.duplicates
    [[1, 3]]
    """
    reader = check_reader(reader)
    entries = [entry for name, cells in _columns(X) for entry in _entries(name, cells)]
    facts = _facts_of_all(reader, [cell for *_, cell in entries], decode, verbose)
    rows = pd.DataFrame(
        {
            "row": [row for _, row, _ in entries],
            "column": [name for name, _, _ in entries],
            "source": [None if is_missing(cell) else _text(describe(cell)) for *_, cell in entries],
            "status": [_status(one) for one in facts],
            **{name: [one[i] if one else None for one in facts] for i, name in enumerate(FACTS)},
        }
    )
    rows = rows.astype({**dict.fromkeys(_NUMBERS, "Int64"), "blank": "boolean"})
    return ImageReport(rows, decode=decode, root=getattr(reader, "root", None))


def _text(name):
    """Return a name in any encoding of the file system as text that can be written."""
    return name.encode("utf-8", "backslashreplace").decode()


def _columns(X):
    """Return pairs of a name and a list of cells."""
    refuse_other_tables(X)
    if hasattr(X, "columns"):
        if isinstance(X, pd.DataFrame):
            return [(str(name), list(X.iloc[:, i])) for i, name in enumerate(X.columns)]
        return [(name, X[name].to_list()) for name in X.columns]
    if not isinstance(find_source(X), (ArraySource, UnknownSource)):
        raise ValueError(
            f"{describe(X)} is one cell; give a list of images, a Series or a DataFrame"
        )
    name = getattr(X, "name", None)
    return [("image" if name is None else str(name), list(X))]


def _entries(name, cells):
    """Yield column, row and cell; several of a row where its cell is a list."""
    for row, cell in enumerate(cells):
        if isinstance(cell, np.ndarray) and cell.dtype == object and cell.ndim == 1:
            cell = cell.tolist()  # a list, as it comes out of a Parquet file
        several = cell if isinstance(cell, (list, tuple)) else [cell]
        for one in several or [None]:
            yield name, row, one


def _facts_of_all(reader, cells, decode, verbose):
    """Return the facts of each cell in the order of `FACTS`, None of missing ones.

    Equal cells are read once.
    """
    keys = [None if is_missing(cell) else _key(cell) for cell in cells]
    distinct = {}
    for key, cell in zip(keys, cells, strict=True):
        if key is not None:
            distinct.setdefault(key, cell)
    found = {}

    def look(names):
        # As tuples: there may be a million of them.
        return [(key, tuple(find_facts(reader, distinct[key], decode).values())) for key in names]

    n_threads = threads_for(cells)
    tasks = split(list(distinct), _IMAGES_PER_TASK if n_threads is None else 1)
    bar = progress_bar(verbose, total=len(distinct), description="check", unit="image")
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


def _status(facts):
    if facts is None:
        return "missing"
    return "ok" if facts[FACTS.index("reason")] is None else "broken"
