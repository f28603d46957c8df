"""A column of dates becomes numbers."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

_YEAR = 365.25
_PARTS = ("years", "year_sine", "year_cosine", "weekday")


class DateColumn(TransformerMixin, BaseEstimator):
    """A part of `TableEncoder`, for one column of dates.

    It gives four columns: years since 1970, the time of the year as sine and cosine, so that
    December lies beside January, and the weekday (Monday is 0).

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.fusion._date_column import DateColumn
    >>> seen = pd.DataFrame({"seen": ["1971-01-01", None]})
    >>> DateColumn().fit_transform(seen).round(1)
    array([[ 1.,  0.,  1.,  4.],
           [nan, nan, nan, nan]])
    """

    def fit(self, X, y=None):
        """Keep the column's name."""
        self.name_ = X.columns[0]
        return self

    def transform(self, X):
        """Numbers of shape (n_rows, 4); NaN where there is no date."""
        dates = to_dates(X.iloc[:, 0])
        days = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
        turn = 2 * np.pi * (dates.dt.day_of_year - 1) / _YEAR
        parts = [days / _YEAR, np.sin(turn), np.cos(turn), dates.dt.day_of_week]
        return np.column_stack([np.asarray(part, dtype=float) for part in parts])

    def get_feature_names_out(self, input_features=None):
        """``seen_years``, ``seen_year_sine``, ..."""
        return np.array([f"{self.name_}_{part}" for part in _PARTS], dtype=object)


def to_dates(column):
    """Dates of a column: ISO text, date objects or datetimes; NaT where a cell is none."""
    return pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")


def are_dates(column):
    """Whether a column holds dates: by its dtype or, for objects and text, by every cell."""
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
        return True
    if column.dtype.kind in "biufcm" or column.dtype.name == "category":
        return False
    held = column.dropna()
    if held.empty or not all(_could_be_date(cell) for cell in held):
        return False
    return bool(to_dates(held.astype(object)).notna().all())


def _could_be_date(cell):
    """Numbers such as "2012" are years at most; a date has parts."""
    if isinstance(cell, str):
        return len(cell) >= 8 and cell[:4].isdigit() and not cell.isdigit()
    return hasattr(cell, "toordinal")
