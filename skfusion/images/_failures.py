"""What is said of images that are missing or can't be read."""

import os
import warnings

import numpy as np

from skfusion._utils.messages import caller_stacklevel, with_remedies
from skfusion.exceptions import ImageReadError, UnreadableImageWarning
from skfusion.images._image_column import describe

# How many rows a message names; an error's `failures` hold all of them.
_NAMED = 5
_NO_FILE = "no such file"


def refuse_missing(column, gone):
    """Raise an error that names the rows without an image, if there are any.

    Parameters
    ----------
    column : ImageColumn
        The images.

    gone : ndarray of bool of shape (n_rows,)
        Which rows have none.
    """
    rows = np.flatnonzero(gone)
    if len(rows) == 0:
        return
    what = "images of" if column.one_each else "rows have no image in"
    are = " are missing" if column.one_each else ""
    named = _some([f"row {row}" for row in rows[:_NAMED]], len(rows), "; ")
    accept = "Pass missing='nan', missing='zero' or missing='mean' to accept rows without an image."
    raise with_remedies(
        ImageReadError,
        f"{len(rows)} of {column.n_rows} {what} {column.title}{are}: {named}.",
        {"accept missing": accept},
        [(int(row), _source(column, row), "missing") for row in rows],
    )


def report_unreadable(failures, corrupt):
    """Raise or warn, once, about all images that could not be read.

    Parameters
    ----------
    failures : list of tuple (ImageColumn, list of tuple (int, str))
        For each column the place of such images among the distinct ones, and the reason.

    corrupt : {"error", "missing"}
        Whether they are an error or count as missing.
    """
    texts, named = [], []
    for column, reasons in failures:
        if reasons:
            cells = _cells(column, dict(reasons))
            texts.append(_told(column, cells))
            named += [
                (int(column.rows[cell]), describe(column.cells[cell]), reason)
                for cell, reason in cells
            ]
    if not named:
        return
    text, remedies = " ".join(texts), _where_to_look(named)
    if corrupt == "error":
        remedies["accept unreadable"] = "Pass corrupt='missing' to treat them as missing."
        raise with_remedies(ImageReadError, text, remedies, named)
    warning = with_remedies(UnreadableImageWarning, f"{text} They count as missing.", remedies)
    warnings.warn(warning, stacklevel=caller_stacklevel())


def _where_to_look(named):
    """A remedy for those whose paths start from somewhere else."""
    lost = any(reason == _NO_FILE and not os.path.isabs(source) for _, source, reason in named)
    if not lost:
        return {}
    start = (
        "Relative paths start from the working directory, or from the root of "
        "reader=ImageReader(root=...)."
    )
    return {"root": start}


def _cells(column, reasons):
    """All cells that hold one of these distinct images, with the reason."""
    return [(cell, reasons[group]) for cell, group in enumerate(column.group) if group in reasons]


def _told(column, cells):
    """How many cells of a column can't be read, and which, by their reasons."""
    by_reason = {}
    for cell, reason in cells:
        by_reason.setdefault(reason, []).append(cell)
    each = max(1, _NAMED // len(by_reason))
    parts = []
    for reason, alike in list(by_reason.items())[:_NAMED]:
        some = [f"{column.where(cell)} ({describe(column.cells[cell])})" for cell in alike[:each]]
        parts.append(f"{_some(some, len(alike), ', ')}: {reason}")
    return (
        f"{len(cells)} of {len(column)} images of {column.title} could not be read: "
        f"{_some(parts, len(by_reason), '; ', ' reasons')}."
    )


def _some(items, count, separator, noun=""):
    """The items, and how many more there are."""
    more = count - len(items)
    return separator.join(items) + (f"{separator}and {more} more{noun}" if more > 0 else "")


def _source(column, row):
    return describe(column.cells[row]) if column.one_each else "no image"
