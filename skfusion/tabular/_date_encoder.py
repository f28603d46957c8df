"""DateEncoder: a column of dates as standardized numbers."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from skfusion._utils.plain_data import plain_data
from skfusion.tabular._dates import to_dates
from skfusion.tabular._weighted_statistics import weighted_mean

_YEAR = 365.25
_PARTS = ("years", "year_sine", "year_cosine", "weekday")


@plain_data
class DateEncoder:
    """Encode a column of dates as years, time of the year and weekday, standardized.

    A part of `TableEncoder`. It makes four columns: years since 1970, the time of the year as
    sine and cosine, so that December is near January, and the weekday (Monday is 0). Missing
    dates get each column's mean; where `fit` sees some, a fifth column marks them. A date with a
    time zone counts as what the clock in its zone showed.

    Parameters
    ----------
    name : str
        The name of the column.

    Attributes
    ----------
    means_ : ndarray of shape (4,)
        What missing dates get, before standardization.

    has_missing_ : bool
        Whether dates were missing in `fit`.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._date_encoder import DateEncoder
    >>> encoder = DateEncoder("seen").fit(pd.Series(["1971-01-01", "1973-01-01"]))
    >>> encoder.transform(pd.Series(["1971-01-01", "1973-01-01"]))[:, 0].round(2).tolist()
    [-1.0, 1.0]
    """

    def __init__(self, name):
        self.name = name

    def fit(self, column, sample_weight=None):
        """Learn means and deviations.

        Parameters
        ----------
        column : Series of shape (n_rows,)
            Dates, as `to_dates` reads them.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        parts = _date_parts(column)
        self.has_missing_ = bool(np.isnan(parts).any())
        self.means_ = weighted_mean(parts, sample_weight)
        self._scaler = StandardScaler().fit(self._imputed(parts), sample_weight=sample_weight)
        return self

    def transform(self, column):
        """Return numbers of shape (n_rows, 4 or 5)."""
        return self._scaler.transform(self._imputed(_date_parts(column)))

    def get_feature_names_out(self):
        """Return ``["seen_years", "seen_year_sine", ...]``."""
        names = [f"{self.name}_{part}" for part in _PARTS]
        return names + [f"missingindicator_{self.name}"] * self.has_missing_

    def _imputed(self, parts):
        missing = np.isnan(parts)
        filled = np.where(missing, self.means_, parts)
        return np.column_stack([filled, missing[:, 0]]) if self.has_missing_ else filled


def _date_parts(column):
    """Return the four numbers of each date; NaN where there is none."""
    dates = to_dates(column)
    since_1970 = dates.to_numpy("datetime64[us]") - np.datetime64(0, "us")
    years = since_1970 / np.timedelta64(1, "D") / _YEAR
    angle = 2 * np.pi * (dates.dt.day_of_year - 1) / _YEAR
    parts = [years, np.sin(angle), np.cos(angle), dates.dt.day_of_week]
    return np.column_stack([np.asarray(part, dtype=float) for part in parts])
