"""Report images that are missing or can't be read, all in one error or warning."""

import os
import warnings

import numpy as np

from skfusion._utils.messages import caller_stacklevel, with_remedies
from skfusion._utils.prefetch import map_ahead, split
from skfusion.exceptions import ImageReadError, UnreadableImageWarning
from skfusion.images._files import expand_root
from skfusion.images.remote._held_url import threads_for
from skfusion.images.sources._find_source import describe

# A message names so many rows, reasons and columns; an error's `failures` hold all of them.
_NAMED = 5
_LONGEST_SOURCE = 100
_LONGEST_REASON = 200
_IMAGES_PER_TASK = 64
_NO_FILE = "no such file"


def refuse_missing(columns, reader):
    """Raise one error for rows without an image and for images that can't be read.

    Nothing happens unless there are rows without an image. Then all images are read, so that
    the error is the only one.

    Parameters
    ----------
    columns : list of ImageColumn
        The images.

    reader : ImageReader
        Reads them.
    """
    if any(column.rows_without(column.missing).any() for column in columns):
        failures = [(column, _find_unreadable(column, reader)) for column in columns]
        report_failures(failures, "error", "error", getattr(reader, "root", None))


def report_failures(failures, corrupt, missing="nan", root=None):
    """Raise or warn, once, about all images that are missing or could not be read.

    Parameters
    ----------
    failures : list of tuple (ImageColumn, list of tuple (int, str))
        For each column, the place of unreadable images among the distinct ones, and the reason.

    corrupt : {"error", "missing"}
        Whether unreadable images are an error or count as missing.

    missing : {"error", "nan", "zero", "mean"}, default="nan"
        Whether rows without an image are an error.

    root : str, PathLike or None, default=None
        The folder that relative paths start from.
    """
    found = [_Failures(column, dict(reasons), missing, corrupt) for column, reasons in failures]
    found = [one for one in found if one.missing_rows or one.unreadable]
    if not found:
        return
    n_each = max(1, _NAMED // len(found))
    texts = [one.describe(n_each) for one in found[:_NAMED]]
    text = _some(texts, len(found), " ", " columns have such images.")
    rows = [row for one in found for row in one.rows()]
    remedies = _where_to_look(rows, root)
    any_gone = any(one.any_gone for one in found)
    any_unreadable = any(one.unreadable for one in found)
    if corrupt == "missing" and any_unreadable:
        text += " They count as missing." if not any_gone else " Unreadable ones count as missing."
    if any_gone:
        remedies["accept missing"] = (
            "Pass missing='nan', missing='zero' or missing='mean' to accept rows without an image."
        )
    if any_unreadable and corrupt == "error":
        remedies["accept unreadable"] = "Pass corrupt='missing' to treat them as missing."
    if any_gone or corrupt == "error":
        raise with_remedies(ImageReadError, text, remedies, rows)
    warning = with_remedies(UnreadableImageWarning, text, remedies)
    warnings.warn(warning, stacklevel=caller_stacklevel())


class _Failures:
    """The images of one column that are missing or can't be read."""

    def __init__(self, column, reasons, missing, corrupt):
        self.column = column
        # Each cell that holds one of these distinct images, with the reason.
        self.unreadable = [
            (cell, reasons[group]) for cell, group in enumerate(column.group) if group in reasons
        ]
        self.missing_rows, self.any_gone = [], False
        if missing == "error":
            self.missing_rows = np.flatnonzero(column.rows_without(column.missing)).tolist()
            gone = column.missing.copy()
            if corrupt == "missing":
                gone[[cell for cell, _ in self.unreadable]] = True
            self.any_gone = bool(column.rows_without(gone).any())

    def describe(self, n_reasons):
        """Return how many images are missing or can't be read, and some of them."""
        parts = []
        if self.missing_rows:
            parts.append(self._describe_missing())
        if self.unreadable:
            parts.append(self._describe_unreadable(n_reasons))
        return " ".join(parts)

    def rows(self):
        """Return row, source and reason of all of them, in the order of the rows."""
        column = self.column
        missing = [
            (row, describe(column.cells[row]) if column.one_each else "no image", "missing")
            for row in self.missing_rows
        ]
        unreadable = [
            (int(column.rows[cell]), describe(column.cells[cell]), reason)
            for cell, reason in self.unreadable
        ]
        return sorted(missing + unreadable, key=lambda one: one[0])

    def _describe_missing(self):
        column, rows = self.column, self.missing_rows
        what = "images of" if column.one_each else "rows have no image in"
        are = " are missing" if column.one_each else ""
        named = _some([f"row {row}" for row in rows[:_NAMED]], len(rows), "; ")
        return f"{len(rows)} of {column.n_rows} {what} {column.title}{are}: {named}."

    def _describe_unreadable(self, n_reasons):
        column, by_reason = self.column, {}
        for cell, reason in self.unreadable:
            by_reason.setdefault(reason, []).append(cell)
        n_each = max(1, n_reasons // len(by_reason))
        parts = []
        for reason, alike in list(by_reason.items())[:n_reasons]:
            some = [self._describe_cell(cell) for cell in alike[:n_each]]
            named = _some(some, len(alike), ", ")
            parts.append(f"{named}: {shorten(reason, _LONGEST_REASON)}")
        return (
            f"{len(self.unreadable)} of {len(column)} images of {column.title} could not be read: "
            f"{_some(parts, len(by_reason), '; ', ' reasons')}."
        )

    def _describe_cell(self, cell):
        source = shorten(describe(self.column.cells[cell]), _LONGEST_SOURCE)
        return f"{self.column.where(cell)} ({source})"


def shorten(text, length):
    """Return a text of at most this length, without its middle where it is longer.

    Examples
    --------
    >>> from skfusion.images._failures import shorten
    >>> shorten("a/very/long/path/18.png", 15)
    'a/ver.../18.png'
    """
    if len(text) <= length:
        return text
    end = length // 2
    return f"{text[: length - end - 3]}...{text[-end:]}"


def _find_unreadable(column, reader):
    """Read all distinct images; return place and reason of those that can't be."""

    def read(places):
        found = []
        for place in places:
            try:
                reader.read(column.cells[column.first[place]])
            except ValueError as error:
                found.append((int(place), str(error)))
        return found

    n_threads = threads_for(column.cells)
    tasks = split(np.arange(len(column.first)), _IMAGES_PER_TASK if n_threads is None else 1)
    return [one for found in map_ahead(read, tasks, n_threads) for one in found]


def _where_to_look(rows, root):
    """Return a remedy for relative paths that name no file."""
    lost = any(reason == _NO_FILE and not os.path.isabs(source) for _, source, reason in rows)
    if not lost:
        return {}
    folder = os.path.abspath("." if root is None else expand_root(root))
    which = "the working directory" if root is None else "the root of the reader"
    gone = "" if os.path.isdir(folder) else ", which is no folder"
    return {
        "root": f"Relative paths start from {shorten(folder, 2 * _LONGEST_SOURCE)}, {which}{gone}; "
        "name another with reader=ImageReader(root=...)."
    }


def _some(items, count, separator, noun=""):
    """Join the items, and the number of those left out."""
    more = count - len(items)
    return separator.join(items) + (f"{separator}and {more} more{noun}" if more > 0 else "")
