"""A column of dates becomes numbers."""

import re

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

_YEAR = 365.25
# In ISO text, after a time of the day: Z, +01, -0500 or +05:30.
_ZONE = re.compile(r"([T ]\d\d.*?)(?:Z|[+-]\d\d(?::?\d\d)?)$")
_PARTS = ("years", "year_sine", "year_cosine", "weekday")


class DateColumn(TransformerMixin, BaseEstimator):
    """A part of `TableEncoder`, for one column of dates.

    It gives four columns: years since 1970, the time of the year as sine and cosine, so that
    December lies beside January, and the weekday (Monday is 0). Where `fit` met rows without a
    date, a fifth column tells where. Dates with a time zone are taken as the clock there shows
    them.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._date_column import DateColumn
    >>> seen = pd.DataFrame({"seen": ["1971-01-01", None]})
    >>> DateColumn().fit_transform(seen).round(1)
    array([[ 1.,  0.,  1.,  4.,  0.],
           [nan, nan, nan, nan,  1.]])
    """

    def fit(self, X, y=None):
        """Keep the column's name, and learn whether dates are missing."""
        self.name_ = X.columns[0]
        self.has_missing_ = bool(to_dates(X.iloc[:, 0]).isna().any())
        return self

    def transform(self, X):
        """Numbers of shape (n_rows, 4 or 5); NaN in the first four where there is no date."""
        dates = to_dates(X.iloc[:, 0])
        days = (dates - pd.Timestamp(0)) / pd.Timedelta(days=1)
        turn = 2 * np.pi * (dates.dt.day_of_year - 1) / _YEAR
        parts = [days / _YEAR, np.sin(turn), np.cos(turn), dates.dt.day_of_week]
        parts += [dates.isna()] if self.has_missing_ else []
        return np.column_stack([np.asarray(part, dtype=float) for part in parts])

    def get_feature_names_out(self, input_features=None):
        """``seen_years``, ``seen_year_sine``, ..."""
        names = [f"{self.name_}_{part}" for part in _PARTS]
        names += [f"missingindicator_{self.name_}"] if self.has_missing_ else []
        return np.array(names, dtype=object)


def to_dates(column):
    """Dates of a column: ISO text, date objects or datetimes; NaT where a cell is none.

    They have no time zone: those that had one are what the clock there showed.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_localize(None)
    if column.dtype.kind != "M":
        column = column.astype(object).map(_without_zone, na_action="ignore")
    return pd.to_datetime(column, errors="coerce", format="ISO8601")


def _without_zone(cell):
    if isinstance(cell, str):
        return _ZONE.sub(r"\1", cell)
    return cell.replace(tzinfo=None) if getattr(cell, "tzinfo", None) is not None else cell


def are_blank(column):
    """Which cells are text without a letter: where dates are expected, there is none."""
    return np.array([isinstance(cell, str) and not cell.strip() for cell in column], dtype=bool)


def are_dates(column):
    """Whether a column holds dates: by its dtype or, for objects and text, by every cell."""
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        return True
    if column.dtype.kind in "biufcm" or column.dtype.name == "category":
        return False
    held = column.dropna()
    held = held[~are_blank(held)]
    if held.empty or not all(_could_be_date(cell) for cell in held):
        return False
    return bool(to_dates(held.astype(object)).notna().all())


def _could_be_date(cell):
    """Numbers such as "2012" are years at most; a date has parts."""
    if isinstance(cell, str):
        return len(cell) >= 8 and cell[:4].isdigit() and not cell.isdigit()
    return hasattr(cell, "toordinal")
