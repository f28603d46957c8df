"""check_images: report what the images of a table are like, before training."""

import pandas as pd

from skfusion._utils.other_tables import refuse_other_tables
from skfusion._utils.typing import ImageInput
from skfusion.images._image_reader import ImageReader, check_reader
from skfusion.images.sources._array_source import ArraySource
from skfusion.images.sources._find_source import describe, find_source, is_missing
from skfusion.images.sources._unknown_source import UnknownSource
from skfusion.reports._distinct_cells import list_entries, map_distinct, source_text
from skfusion.reports._image_facts import FACTS, find_facts
from skfusion.reports._image_report import ImageReport

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
    entries = [entry for name, cells in _columns(X) for entry in list_entries(name, cells)]
    facts = _facts_of_all(reader, [cell for *_, cell in entries], decode, verbose)
    rows = pd.DataFrame(
        {
            "row": [row for _, row, _ in entries],
            "column": [name for name, _, _ in entries],
            "source": [None if is_missing(cell) else source_text(cell) for *_, cell in entries],
            "status": [_status(one) for one in facts],
            **{name: [one[i] if one else None for one in facts] for i, name in enumerate(FACTS)},
        }
    )
    rows = rows.astype({**dict.fromkeys(_NUMBERS, "Int64"), "blank": "boolean"})
    return ImageReport(rows, decode=decode, root=getattr(reader, "root", None))


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


def _facts_of_all(reader, cells, decode, verbose):
    """Return the facts of each cell in the order of `FACTS`, None of missing ones."""

    def look(_, cell):
        # As tuples: there may be a million of them.
        return tuple(find_facts(reader, cell, decode).values())

    return map_distinct(look, cells, verbose, "check")


def _status(facts):
    if facts is None:
        return "missing"
    return "ok" if facts[FACTS.index("reason")] is None else "broken"
