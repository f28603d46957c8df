"""EmbedRows holds the images, ids and target of a folder or table."""

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from skfusion._utils.messages import join_names, with_remedies
from skfusion._utils.urls import redact, scheme_of
from skfusion.datasets import load_image_folder
from skfusion.images._find_columns import find_image_columns
from skfusion.images.remote._remote_access import find_schemes
from skfusion.images.sources._find_source import is_missing
from skfusion.io._read_table import read_table


@dataclass
class EmbedRows:
    """The rows to embed.

    Parameters
    ----------
    frame : DataFrame
        One column of images.

    ids : ndarray of str of shape (n_rows,)
        A unique id for each row.

    labels : ndarray of shape (n_rows,) or None
        Class numbers, or a numeric target.

    class_names : list of str or None
        The names of the classes.

    root : str or None
        The folder that relative paths start from.

    skipped : dict
        The number of files of a folder that were left out, by reason.

    remote : dict, default={}
        The parameters `remote` and `allow_local` of the reader.

    Examples
    --------
    >>> import os, tempfile
    >>> import pandas as pd
    >>> from skfusion.io._embed_rows import read_rows
    >>> table = pd.DataFrame({"photo": ["1.jpg", "2.jpg"], "grade": ["good", "bad"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "table.csv")
    ...     table.to_csv(path, index=False)
    ...     rows = read_rows(path, image="photo", target="grade")
    >>> rows.labels, rows.class_names
    (array([1, 0]), ['bad', 'good'])
    """

    frame: pd.DataFrame
    ids: np.ndarray
    labels: np.ndarray | None
    class_names: list[Any] | None
    root: str | None
    skipped: dict[str, Any]
    remote: dict[str, Any] = field(default_factory=dict)


def read_rows(
    source,
    *,
    image=None,
    target=None,
    row_id=None,
    classes="first",
    remote=False,
    allow_local=False,
):
    """Read a folder of images, or a table with a column of images.

    Parameters
    ----------
    source : str
        A folder, as in `load_image_folder`, or a table, as in `read_table`. Paths in a table start
        from its folder.

    image : str or None, default=None
        The column of paths or encoded images; None detects it.

    target : str or None, default=None
        The column of the target. Numbers stay numbers; all other values are classes.

    row_id : str or None, default=None
        The column of the row ids; None uses the paths, or the row numbers of images without paths.

    classes : {"first", "last", "path"} or None, default="first"
        The folder that names the class. None: there are no classes.

    remote, allow_local : object, default=False
        Which URLs are read, as in `ImageReader`.

    Returns
    -------
    rows : EmbedRows
        The rows, in the order of the file or sorted by path.

    Raises
    ------
    ValueError
        If a column does not exist or has missing values, or if two rows have the same id.
    """
    reader = {"remote": remote, "allow_local": allow_local}
    is_url = scheme_of(source) is not None
    if not is_url and not os.path.isdir(source):
        rows = _read_table(source, image, target, row_id, find_schemes(remote))
        rows.remote = reader
        return rows
    if not image is target is row_id is None:
        raise with_remedies(
            ValueError,
            f"{source!r} is a folder, which has no columns.",
            {"folder columns": "Leave out image, target and row_id, which are columns of a table."},
        )
    data = load_image_folder(source, classes=classes, remote=remote)
    names = data.target_names or None
    ids = _as_text(data.ids)
    return EmbedRows(data.frame, ids, data.target, names, None, data.skipped, reader)


def _read_table(path, image, target, row_id, schemes):
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such folder or table: {path!r}.")
    table = read_table(path)
    for argument, name in (("image", image), ("target", target), ("row_id", row_id)):
        if name is not None and name not in table:
            raise with_remedies(
                ValueError,
                f"{path!r} has no column {name!r}; it has {join_names(map(repr, table.columns))}.",
                {f"{argument} column": f"Pass one of them as {argument}."},
            )
    root = os.path.dirname(os.path.abspath(path))
    image = _image_column(table, path, schemes) if image is None else image
    if row_id is None:
        names = _names(table[image].rename(image))
        remedy = "Pass a column with a different value in each row as row_id."
        ids = _ids(names, path, {"row_id column": remedy})
    else:
        ids = _ids(table[row_id], path, {"ids": "Correct the column."})
    labels, names = (None, None) if target is None else _target(table[target], path)
    frame = pd.DataFrame({image: table[image].astype(object)})
    return EmbedRows(frame, ids, labels, names, root, {})


def _image_column(table, path, schemes):
    columns = [table[name] for name in table.columns]
    found = [table.columns[i] for i in find_image_columns(columns, schemes)]
    if len(found) != 1:
        what = f"several columns of images, {found}" if found else "no column of images"
        raise with_remedies(
            ValueError,
            f"{path!r} has {what}. Paths start from the folder of the file.",
            {"image column": "Pass the name of the column as image."},
        )
    return found[0]


def _names(cells):
    """Return the paths of images, or the row numbers if an image has no path."""
    names = [cell.get("path") if isinstance(cell, dict) else cell for cell in cells]
    names = [redact(name) if scheme_of(name) else name for name in names]
    named = [isinstance(name, str) and bool(name) for name in names]
    if all(has or is_missing(cell) for has, cell in zip(named, cells, strict=True)):
        return pd.Series(names, name=cells.name, dtype=object)
    return pd.Series(range(len(names)), name="row")


def _ids(values, path, remedies):
    gaps = np.flatnonzero(values.isna())
    if len(gaps):
        rows = join_names(f"row {row}" for row in gaps)
        problem = f"{len(gaps)} rows of {path!r} have no {values.name!r} ({rows})."
        raise with_remedies(ValueError, problem, remedies)
    twice = values[values.duplicated()].unique()
    if len(twice):
        problem = (
            f"{len(twice)} values of {values.name!r} occur in several rows of {path!r} "
            f"({join_names(map(str, twice))})."
        )
        raise with_remedies(ValueError, problem, remedies)
    return values.astype(str).to_numpy(dtype=object)


def _target(values, path):
    gaps = np.flatnonzero(values.isna())
    if len(gaps):
        rows = join_names(f"row {row}" for row in gaps)
        raise ValueError(
            f"{len(gaps)} rows of {path!r} have no {values.name!r} ({rows}). Fill in the values or "
            "remove the rows."
        )
    try:
        return pd.to_numeric(values).to_numpy(), None
    except (ValueError, TypeError):
        names, labels = np.unique(values.to_numpy(dtype=object).astype(str), return_inverse=True)
        return labels, names.tolist()


def _as_text(ids):
    """Return ids as text; file names that are not valid Unicode are escaped."""
    text = [each.encode("utf-8", "backslashreplace").decode() for each in ids]
    return np.array(text, dtype=object)
