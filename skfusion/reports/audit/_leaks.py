"""The leaks that a price can be measured for: rows and splits with each of them, and without."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skfusion.reports.audit._audit_images import MISSING
from skfusion.reports.audit._encoded_alike import encode_alike, is_of_files
from skfusion.reports.audit._finding import GIVEN, GRAVE, MINOR
from skfusion.reports.audit._union_find import join_rows

_COLUMN_KINDS = (
    "column nearly is the target",
    "column may come after the target",
    "missing values predict the target",
)
_GROUP_KINDS = ("copies in two folds", "groups in two folds")
_DRAWS = 5


class Leak(NamedTuple):
    """A leak that can be removed.

    Parameters
    ----------
    what : str
        The leak, in words.

    X : DataFrame, Series, list or ndarray
        The rows without it.

    splits : list of tuple (train, test)
        The folds without it.

    controls : list of list of tuple (train, test), default=[]
        Folds with it, of as many training rows; empty if no training rows are lost.
    """

    what: str
    X: Any
    splits: list[tuple[np.ndarray, np.ndarray]]
    controls: list[list[tuple[np.ndarray, np.ndarray]]] = []


def list_leaks(rows, images, reader, findings, keys, generator):
    """Return the leaks of findings, each of which is removed on its own.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    reader : ImageReader
        Reads the cells.

    findings : list of Finding
        The findings.

    keys : dict of str to ndarray of int of shape (n_rows,)
        The groups of each kind, by the subject of the finding.

    generator : Generator
        Draws training rows.

    Returns
    -------
    leaks : list of Leak
        Those of groups, of missing images, of files and of columns.
    """
    found = _group_leaks(rows, findings, keys, generator)
    serious = [one for one in findings if one.severity in (GRAVE, MINOR)]
    facts = [one.subject for one in serious if one.kind == "fact predicts the target"]
    if any(MISSING in fact for fact in facts):
        held = ~images.lacks_image()
        splits = [(train[held[train]], test[held[test]]) for train, test in rows.splits]
        controls = [_as_many(rows.splits, splits, None, generator) for _ in range(_DRAWS)]
        found.append(Leak("the lack of images", rows.X, splits, controls))
    of_files = [one for one in facts if is_of_files(one)]
    if of_files and isinstance(rows.X, pd.DataFrame):
        X = encode_alike(rows.X, images, reader)
        found.append(Leak(f"{', '.join(of_files)} of the files", X, rows.splits))
    for one in serious:
        name = one.subject.removeprefix("whether ").removesuffix(" is missing")
        X = _without_column(rows.X, name) if one.kind in _COLUMN_KINDS else None
        if X is not None:
            found.append(Leak(f"column {name!r}", X, rows.splits))
    return found


def _group_leaks(rows, findings, keys, generator):
    """Return the leak of each kind of groups, and that of all kinds together."""
    crossing = [one for one in findings if one.kind in _GROUP_KINDS]
    known = {}
    for one in crossing:
        groups = join_rows(len(rows.y), [keys[one.subject]])
        known.setdefault(groups.tobytes(), (_describe(one, groups), groups))
    if len(known) > 1:
        groups = join_rows(len(rows.y), [groups for _, groups in known.values()])
        known.setdefault(groups.tobytes(), ("all of these groups together", groups))
    return [_group_leak(rows, what, groups, generator) for what, groups in known.values()]


def _group_leak(rows, what, groups, generator):
    splits = rows.without_groups(groups)
    labels = None if rows.classes is None else rows.y
    controls = [_as_many(rows.splits, splits, labels, generator) for _ in range(_DRAWS)]
    return Leak(what, rows.X, splits, controls)


def _describe(finding, groups):
    """Return how many groups the finding is about, in words."""
    n_groups = len(np.unique(groups[finding.rows]))
    some = f"{n_groups} group{'s' if n_groups > 1 else ''}"
    if finding.kind.startswith("copies"):
        return f"{some} of copies in two folds"
    if finding.subject == GIVEN:
        return f"{n_groups} of {GIVEN} in two folds"
    return f"{some} of rows by {finding.subject} in two folds"


def _as_many(splits, smaller, labels, generator):
    """Return the splits with as many training rows as smaller ones, of each class if labeled."""
    found = []
    for (train, test), (fewer, _) in zip(splits, smaller, strict=True):
        codes = np.zeros(len(train), dtype=int)
        n_rows = np.array([len(fewer)])
        if labels is not None:
            names, codes = np.unique(labels[train], return_inverse=True)
            n_rows = (labels[fewer] == names[:, np.newaxis]).sum(axis=1)
        parts = [
            generator.choice(train[codes == code], n, replace=False)
            for code, n in enumerate(n_rows)
        ]
        found.append((np.sort(np.concatenate(parts)), test))
    return found


def _without_column(X, name):
    """Return the rows with one value in a column: estimators may need it to be there."""
    if not isinstance(X, pd.DataFrame) or name not in X.columns:
        return None
    held = X[name].dropna()
    return X.assign(**{name: held.iloc[0] if held.empty else held.mode().iloc[0]})
