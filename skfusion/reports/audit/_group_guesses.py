"""Guess groups of rows, such as patients, from what files and tables hold."""

import os
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

_NAMES = re.compile(
    r"(^|[_\W])(patient|subject|case|person|participant|study|accession|mrn|individual|specimen|"
    r"animal|household|user|customer|client)s?(id|_?(id|no|nr|number|key|code|uid))?($|[_\W])",
    re.IGNORECASE,
)
_PART = re.compile(r"[A-Za-z]+|\d+")
# A key of names is one of groups if groups are small, and most rows are in a group.
_LARGEST_SHARE, _LARGEST = 0.1, 20
_LEAST_REPEATED = 0.2
_MOST_DROPPED = 3
_DISTINCT_ROWS = 0.8


class GroupGuess(NamedTuple):
    """A key that rows of one person or object may share.

    Parameters
    ----------
    name : str
        Where it comes from.

    keys : ndarray of int of shape (n_rows,)
        Equal numbers belong together; -1 belongs to none.

    is_explicit : bool
        Whether it is an identifier by its name, or whether its rows have yet to be shown to be
        alike.
    """

    name: str
    keys: np.ndarray
    is_explicit: bool


def guess_groups(rows, images):
    """Return the keys that rows of one group may share.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    Returns
    -------
    guesses : list of GroupGuess
        Of DICOM tags, columns of the table, serial numbers with times, names of files and folders,
        and equal rows of the table. Only keys that some rows share.
    """
    guesses = []
    for name in rows.image_columns:
        column = images.of_column(name)
        for tag in ("PatientID", "StudyInstanceUID"):
            if f"DICOM {tag}" in column:
                guesses.append(_guess(f"DICOM {tag}", column[f"DICOM {tag}"], True))
        guesses.append(_serial_and_minute(column))
        guesses.append(_stems(column["path"]))
        guesses.append(_folders(column["path"]))
    for name in rows.table_columns:
        if _NAMES.search(str(name)):
            guesses.append(_guess(f"column {name!r}", rows.table[name], True))
    guesses.append(_equal_rows(rows))
    return [guess for guess in guesses if guess is not None]


def _guess(name, values, is_explicit):
    """Return a guess; None where no two rows share a value, or where all share one."""
    held = values.notna() & (values.astype(str).str.strip() != "")
    keys = np.full(len(values), -1)
    keys[held] = np.unique(values[held].astype(str), return_inverse=True)[1]
    counts = np.bincount(keys[held]) if held.any() else np.zeros(0, dtype=int)
    if len(counts) < 3 or counts.max() < 2:
        return None
    return GroupGuess(name, keys, is_explicit)


def _serial_and_minute(column):
    """Return images of one camera in one minute."""
    names = ("EXIF BodySerialNumber", "EXIF DateTimeOriginal")
    if any(name not in column for name in names):
        return None
    minutes = column[names[1]].str.slice(0, 16)
    return _guess("EXIF serial number and minute", column[names[0]] + " " + minutes, True)


def _stems(paths):
    """Return files whose names begin alike: all but the last parts, as few as possible."""
    held = paths.dropna()
    stems = held.map(lambda path: os.path.splitext(os.path.basename(path))[0])
    for dropped in range(1, _MOST_DROPPED + 1):
        starts = stems.map(lambda stem, n=dropped: _start_of(stem, n))
        if starts.str.contains(r"\d").mean() > 0.9 and _is_key(starts, len(paths)):
            return _guess("start of the file names", starts.reindex(paths.index), False)
    return None


def _start_of(stem, n_dropped):
    places = [match.start() for match in _PART.finditer(stem)]
    return stem[: places[-n_dropped]].rstrip("_-. ") if len(places) > n_dropped else stem


def _folders(paths):
    held = paths.dropna()
    folders = held.map(os.path.dirname)
    if not _is_key(folders, len(paths)):
        return None
    return _guess("folder", folders.reindex(paths.index), False)


def _is_key(values, n_rows):
    """Return whether values look like a key of small groups."""
    counts = values.value_counts()
    if len(counts) < 3 or counts.max() > max(_LARGEST, _LARGEST_SHARE * n_rows):
        return False
    return counts[counts > 1].sum() >= _LEAST_REPEATED * len(values)


def _equal_rows(rows):
    """Return equal rows of a table in which most rows are distinct."""
    table = rows.table[rows.table_columns]
    if table.shape[1] < 3:
        return None
    hashes = pd.util.hash_pandas_object(table.astype(str), index=False)
    n_distinct = hashes.nunique()
    if n_distinct == len(table) or n_distinct < _DISTINCT_ROWS * len(table):
        return None
    return _guess("equal rows of the table", hashes, True)
