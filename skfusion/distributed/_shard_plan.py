"""Divide the rows of a table into shards."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skfusion._utils.dask_rows import is_dask
from skfusion._utils.fingerprint import digest_text
from skfusion._utils.messages import join_names
from skfusion.images.sources._find_source import is_missing

PREFIX = "part-"


@dataclass(frozen=True)
class ShardTask:
    """The rows of a shard.

    Parameters
    ----------
    name : str
        The name of its file.

    job : str
        A digest of what is computed: the transformer, and the ids and cells of the rows.

    rows : ndarray of shape (n_rows,), int64
        The positions of the rows in the table.

    ids : list of str
        Their ids.

    cells : DataFrame of shape (n_rows, n_columns)
        Paths and URLs of images.

    labels : list or None
        Their target.
    """

    name: str
    job: str
    rows: np.ndarray
    ids: list[str]
    cells: pd.DataFrame
    labels: list[object] | None


def gather_rows(X, columns, ids, target):
    """Return the columns of images of all rows, their ids and their labels.

    Parameters
    ----------
    X : list, Series or DataFrame of pandas or Dask
        The rows.

    columns : list of str or None
        The columns of images; None is all of X.

    ids, target : str, array-like or None
        A column of X, or values.
    """
    names = [] if columns is None else list(columns)
    extra = [name for name in (ids, target) if isinstance(name, str)]
    if getattr(X, "ndim", 1) == 2:
        names = names or [name for name in X.columns if name not in extra]
        unknown = [name for name in (*names, *extra) if name not in X.columns]
        if unknown:
            raise ValueError(f"X has no column {unknown[0]!r}; it has {list(X.columns)}.")
        X = X[list(dict.fromkeys([*names, *extra]))]
    table = X.compute() if is_dask(X) else X
    if not isinstance(table, pd.DataFrame):
        table = pd.Series(table, dtype=object).to_frame(names[0] if names else "image")
    cells = table[names or list(table.columns)].astype(object)
    _check_text(cells)
    found = table.index if ids is None else _values(table, ids)
    labels = None if target is None else np.asarray(_values(table, target)).tolist()
    if labels is not None and len(labels) != len(cells):
        raise ValueError(f"The target has {len(labels)} values for {len(cells)} rows.")
    return cells.reset_index(drop=True), _check_ids(found, len(cells)), labels


def plan_shards(cells, ids, labels, fingerprint, n_rows, contents=None):
    """Return a list of ShardTask. Rows of the same images are in the same shard.

    Parameters
    ----------
    cells : DataFrame of shape (n_rows, n_columns)
        Paths and URLs of images.

    ids : list of str
        The ids of the rows.

    labels : list or None
        The target.

    fingerprint : str
        A digest of the transformer.

    n_rows : int
        The distinct rows of each shard.

    contents : list of (str or None) or None, default=None
        Digests of the images of each row; those of the same digest are the same. Without a digest,
        or without `contents`, those of the same cells are.
    """
    numbers = cells.groupby(list(cells.columns), sort=False, dropna=False).ngroup()
    if contents is not None:
        keys = [number if c is None else c for number, c in zip(numbers, contents, strict=True)]
        numbers = pd.Series(pd.factorize(np.array(keys, dtype=object))[0])
    tasks = []
    for number, places in cells.groupby(numbers // n_rows).indices.items():
        own = cells.iloc[places]
        own_ids = [ids[place] for place in places]
        own_labels = None if labels is None else [labels[place] for place in places]
        about = fingerprint, places.tolist(), own_ids, own.to_dict("list"), own_labels
        name = f"{PREFIX}{number:06}.parquet"
        tasks.append(ShardTask(name, digest_text(about), places, own_ids, own, own_labels))
    return tasks


def _values(table, given):
    """Return the values of a column that is named, or values."""
    if isinstance(given, str) and given not in table.columns:
        raise ValueError(f"X has no column {given!r}; it has {list(table.columns)}.")
    return table[given] if isinstance(given, str) else given


def _check_text(cells):
    for name in cells.columns:
        for row, cell in enumerate(cells[name]):
            if not isinstance(cell, str) and not is_missing(cell):
                raise ValueError(
                    f"Row {row} of column {name!r} holds {type(cell).__name__}. Images must be "
                    "paths or URLs, which other processes can read."
                )


def _check_ids(ids, n_rows):
    ids = [str(each) for each in ids]
    if len(ids) != n_rows:
        raise ValueError(f"There are {len(ids)} ids for {n_rows} rows.")
    if len(set(ids)) < n_rows:
        twice = pd.Series(ids)[pd.Series(ids).duplicated()].unique().tolist()
        raise ValueError(
            f"Some ids name several rows ({join_names(twice)}). Pass ids=, a column with a "
            "different value in each row; the index of a Dask DataFrame often repeats."
        )
    return ids
