"""EmbedRows: the images, ids and target of a folder or of a table."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skfusion._utils.messages import join_names
from skfusion.datasets import load_image_folder
from skfusion.images._find_columns import find_image_columns
from skfusion.images.sources._find_source import is_missing
from skfusion.io._read_table import read_table


@dataclass
class EmbedRows:
    """What is to be embedded.

    Parameters
    ----------
    frame : DataFrame
        One column of images.

    ids : ndarray of str of shape (n_rows,)
        By what each row is known; all differ.

    labels : ndarray of shape (n_rows,) or None
        Numbers of classes, or numbers.

    class_names : list of str or None
        The names of the classes.

    root : str or None
        The folder that paths start from.

    skipped : dict
        How many files of a folder were left out, by reason.

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


def read_rows(source, *, image=None, target=None, row_id=None, classes="first"):
    """Read a folder of images, or a table with a column of images.

    Parameters
    ----------
    source : str
        A folder, as `load_image_folder` takes it, or a table as `read_table` reads it. Paths in
        the latter start from its folder.

    image : str or None, default=None
        The column of paths or encoded images; None finds the one there is.

    target : str or None, default=None
        The column that will be predicted: numbers stay numbers, all else are classes.

    row_id : str or None, default=None
        The column that names the rows; None takes the paths, or the numbers of the rows where
        there are none.

    classes : {"first", "last", "path"} or None, default="first"
        Which folder names the class; None looks for no classes.

    Returns
    -------
    rows : EmbedRows
        In the order of the file, or sorted by path.

    Raises
    ------
    ValueError
        If a column is not there or has gaps, or if two rows have one id.
    """
    if not os.path.isdir(source):
        return _read_table(source, image, target, row_id)
    given = {"--image": image, "--target": target, "--id": row_id}
    given = [option for option, value in given.items() if value is not None]
    if given:
        raise ValueError(f"{', '.join(given)}: a folder has no columns, only a table has.")
    data = load_image_folder(source, classes=classes)
    names = data.target_names or None
    return EmbedRows(data.frame, _as_text(data.ids), data.target, names, None, data.skipped)


def _read_table(path, image, target, row_id):
    if not os.path.isfile(path):
        raise FileNotFoundError(f"No such folder or table: {path!r}.")
    table = read_table(path)
    for option, name in (("--image", image), ("--target", target), ("--id", row_id)):
        if name is not None and name not in table:
            raise ValueError(
                f"{option} {name}: {path!r} has no such column; it has {list(table.columns)}."
            )
    root = os.path.dirname(os.path.abspath(path))
    image = _image_column(table, path, root) if image is None else image
    if row_id is None:
        names = _names(table[image].rename(image))
        ids = _ids(names, path, "name a column of unique values with --id")
    else:
        ids = _ids(table[row_id], path, "correct the column")
    labels, names = (None, None) if target is None else _target(table[target], path)
    frame = pd.DataFrame({image: table[image].astype(object)})
    return EmbedRows(frame, ids, labels, names, root, {})


def _image_column(table, path, root):
    columns = [table[name] for name in table.columns]
    found = [table.columns[i] for i in find_image_columns(columns)]
    if len(found) != 1:
        what = f"several columns of images, {found}" if found else "no column of images"
        raise ValueError(
            f"{path!r} has {what}; name one with --image. Paths start from the folder of the file."
        )
    return found[0]


def _names(cells):
    """Return the paths of images; the numbers of the rows where an image has none."""
    names = [cell.get("path") if isinstance(cell, dict) else cell for cell in cells]
    named = [isinstance(name, str) and bool(name) for name in names]
    if all(has or is_missing(cell) for has, cell in zip(named, cells, strict=True)):
        return pd.Series(names, name=cells.name, dtype=object)
    return pd.Series(range(len(names)), name="row")


def _ids(values, path, remedy):
    gaps = np.flatnonzero(values.isna())
    if len(gaps):
        rows = join_names(f"row {row}" for row in gaps)
        raise ValueError(
            f"{len(gaps)} rows of {path!r} have no {values.name!r} ({rows}); {remedy}."
        )
    twice = values[values.duplicated()].unique()
    if len(twice):
        raise ValueError(
            f"{len(twice)} values of {values.name!r} are in several rows of {path!r} "
            f"({join_names(map(str, twice))}); {remedy}."
        )
    return values.astype(str).to_numpy(dtype=object)


def _target(values, path):
    gaps = np.flatnonzero(values.isna())
    if len(gaps):
        rows = join_names(f"row {row}" for row in gaps)
        raise ValueError(
            f"{len(gaps)} rows of {path!r} have no {values.name!r} ({rows}); fill them in or leave "
            "them out."
        )
    try:
        return pd.to_numeric(values).to_numpy(), None
    except (ValueError, TypeError):
        names, labels = np.unique(values.to_numpy(dtype=object).astype(str), return_inverse=True)
        return labels, names.tolist()


def _as_text(ids):
    """Names of files need not be text; files of features hold nothing else."""
    text = [each.encode("utf-8", "backslashreplace").decode() for each in ids]
    return np.array(text, dtype=object)
