"""Columns of dates: what they look like, and how their cells are read."""

import re
from datetime import date, datetime

import numpy as np
import pandas as pd

# In ISO text, after a time of the day: Z, +01, -0500 or +05:30.
_ZONE = re.compile(r"([T ]\d\d.*?)(?:Z|[+-]\d\d(?::?\d\d)?)$")


def to_dates(column):
    """Return the dates of a column as datetime64[us], NaT where a cell holds none.

    Years from 1 to 9999 can be read. Dates have no time zone: those that had one become what the
    clock there showed.

    Parameters
    ----------
    column : Series
        ISO text, date objects or datetimes.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._dates import to_dates
    >>> to_dates(pd.Series(["2020-02-29", "9999-12-31", None])).dt.year.tolist()
    [2020.0, 9999.0, nan]
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_localize(None).astype("datetime64[us]")
    if column.dtype.kind == "M" and isinstance(column.dtype, np.dtype):  # not Arrow's, with zones
        return column.astype("datetime64[us]")
    cells = column.astype(object).map(_without_zone, na_action="ignore")
    dates = pd.to_datetime(cells, errors="coerce", format="ISO8601").astype("datetime64[us]")
    # pandas 2 reads the years 1677 to 2262 only.
    unread = np.flatnonzero(dates.isna() & cells.notna())
    if len(unread):
        values = dates.to_numpy("datetime64[us]", copy=True)
        values[unread] = [_far_date(cell) for cell in cells.iloc[unread]]
        dates = pd.Series(values, index=dates.index)
    return dates.where(dates.dt.year.between(1, 9999))  # pandas 3 reads a year 0 too


def _without_zone(cell):
    if isinstance(cell, str):
        return _ZONE.sub(r"\1", cell)
    return cell.replace(tzinfo=None) if getattr(cell, "tzinfo", None) is not None else cell


def _far_date(cell):
    if isinstance(cell, str):
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return np.datetime64("NaT", "us")
    is_date = isinstance(cell, (date, np.datetime64))
    return np.datetime64(cell if is_date else "NaT", "us")


def are_blank(column):
    """Return which cells are text of spaces alone: in a column of dates, they are missing."""
    return np.array([isinstance(cell, str) and not cell.strip() for cell in column], dtype=bool)


def are_dates(column):
    """Return whether a column holds dates: by its dtype or, for objects and text, by all cells."""
    if column.dtype.kind == "M":
        return True
    if column.dtype.kind in "biufcm" or column.dtype.name == "category":
        return False
    held = column.dropna()
    held = held[~are_blank(held)]
    if held.empty or not all(_could_be_date(cell) for cell in held):
        return False
    return bool(to_dates(held.astype(object)).notna().all())


def _could_be_date(cell):
    """Return False for a number such as "2012", which is a year at most; a date has parts."""
    if isinstance(cell, str):
        return len(cell) >= 8 and cell[:4].isdigit() and not cell.isdigit()
    return hasattr(cell, "toordinal") or isinstance(cell, np.datetime64)
