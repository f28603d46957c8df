"""What is said of pictures that are missing or can't be read."""

import sys
import warnings

import numpy as np

from skfusion.exceptions import ImageReadError, UnreadableImageWarning
from skfusion.images._column import describe

_NAMED_IN_ERRORS = 5


def refuse_missing(column, gone):
    """Raise an error that names the rows without a picture, if there are any.

    Parameters
    ----------
    column : ImageColumn
        The pictures.

    gone : ndarray of bool of shape (n_rows,)
        Which rows have none.
    """
    rows = np.flatnonzero(gone)
    if len(rows):
        raise ImageReadError(
            f"{len(rows)} of {len(column)} images of column {column.name!r} are missing: "
            f"{_listed(f'row {row}' for row in rows)}. Pass missing='nan' or missing='zero' to "
            "accept rows without a picture.",
            [(int(row), describe(column.cells[row]), "missing") for row in rows],
        )


def report_unreadable(column, failures, corrupt):
    """Raise or warn about pictures that could not be read.

    Parameters
    ----------
    column : ImageColumn
        The pictures.

    failures : list of tuple (int, str)
        The place of each among the distinct pictures, and the reason.

    corrupt : {"error", "missing"}
        Whether they are an error or count as missing.
    """
    reasons = dict(failures)
    named = [
        (row, describe(column.cells[row]), reasons[group])
        for row, group in enumerate(column.group)
        if group in reasons
    ]
    text = (
        f"{len(named)} of {len(column)} images of column {column.name!r} could not be read: "
        f"{_listed(f'row {row} ({source}): {reason}' for row, source, reason in named)}."
    )
    if corrupt == "error":
        raise ImageReadError(f"{text} Pass corrupt='missing' to treat them as missing.", named)
    text = f"{text} They count as missing."
    warnings.warn(text, UnreadableImageWarning, stacklevel=level_of_the_caller())


def level_of_the_caller():
    """The `stacklevel` of the first frame that is neither ours nor scikit-learn's."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("skfusion", "sklearn")):
        frame, level = frame.f_back, level + 1
    return level


def _listed(items):
    items = list(items)
    more = len(items) - _NAMED_IN_ERRORS
    return "; ".join(items[:_NAMED_IN_ERRORS]) + (f"; and {more} more" if more > 0 else "")
