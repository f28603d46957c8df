"""NumberEncoder: a column of numbers, imputed and standardized."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from skfusion._utils.plain_data import plain_data
from skfusion.tabular._weighted_statistics import weighted_median, weighted_quantile

# Numbers further from the quartiles than so many interquartile ranges are set to that limit: a
# typing error, or a code such as -9999, would outweigh all other rows in linear models.
_MOST_RANGES = 20.0
_LEAST_ROWS = 20  # the quartiles of fewer say nothing of outliers


@plain_data
class NumberEncoder:
    """Impute the median of a column of numbers, limit its outliers, and standardize it.

    A part of `TableEncoder`. Where `fit` sees missing cells, a second column marks them.

    Parameters
    ----------
    name : str
        The name of the column.

    Attributes
    ----------
    median_ : float
        The number that missing cells get.

    has_missing_ : bool
        Whether cells were missing in `fit`.

    low_, high_ : float
        The limits of the numbers; infinite where half of them are the same, or there are few.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._number_encoder import NumberEncoder
    >>> encoder = NumberEncoder("age").fit(pd.Series([60.0, 70.0]))
    >>> encoder.transform(pd.Series([60.0, None, 70.0])).ravel().tolist()
    [-1.0, 0.0, 1.0]
    """

    low_, high_ = -np.inf, np.inf  # of objects that an older version saved

    def __init__(self, name):
        self.name = name

    def fit(self, column, sample_weight=None):
        """Learn the median, the mean and the standard deviation.

        Parameters
        ----------
        column : Series of float of shape (n_rows,)
            The numbers; NaN where they are missing.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        values = column.to_numpy(float)
        self.median_ = weighted_median(values, sample_weight)
        self.has_missing_ = bool(np.isnan(values).any())
        low, high = (weighted_quantile(values, share, sample_weight) for share in (0.25, 0.75))
        held = ~np.isnan(values)
        n_rows = held.sum() if sample_weight is None else sample_weight[held].sum()
        self.low_, self.high_ = -np.inf, np.inf
        if high > low and n_rows >= _LEAST_ROWS:
            self.low_ = low - _MOST_RANGES * (high - low)
            self.high_ = high + _MOST_RANGES * (high - low)
        self._scaler = StandardScaler().fit(self._imputed(values), sample_weight=sample_weight)
        return self

    def transform(self, column):
        """Return numbers of shape (n_rows, 1 or 2)."""
        return self._scaler.transform(self._imputed(column.to_numpy(float)))

    def get_feature_names_out(self):
        """Return ``["age"]`` or ``["age", "missingindicator_age"]``."""
        return [self.name] + [f"missingindicator_{self.name}"] * self.has_missing_

    def _imputed(self, values):
        missing = np.isnan(values)
        columns = [np.where(missing, self.median_, values).clip(self.low_, self.high_)]
        columns += [missing.astype(float)] if self.has_missing_ else []
        return np.column_stack(columns)
