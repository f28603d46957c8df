"""CategoryEncoder: one column of zeros and ones for each value."""

import numpy as np
import pandas as pd

from skfusion._utils.plain_data import plain_data


@plain_data
class CategoryEncoder:
    """Encode a column of categories as one column of zeros and ones for each value.

    A part of `TableEncoder`. A missing cell is a value of its own. Rare values share one column,
    named as that of `OneHotEncoder`, which values that `fit` has not seen join. Without rare
    values, a new value gets zeros.

    Parameters
    ----------
    name : str
        The name of the column.

    min_frequency : int
        Values in fewer rows are rare. With weights, the weights of a value's rows count.

    Attributes
    ----------
    values_ : list
        The frequent values, sorted; NaN last.

    has_rare_ : bool
        Whether there is a column of rare values.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.tabular._category_encoder import CategoryEncoder
    >>> encoder = CategoryEncoder("ward", min_frequency=2).fit(pd.Series(["a", "a", "b", "c"]))
    >>> encoder.get_feature_names_out()
    ['ward_a', 'ward_infrequent_sklearn']
    >>> encoder.transform(pd.Series(["c", "a", "new"])).tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, name, min_frequency):
        self.name = name
        self.min_frequency = min_frequency

    def fit(self, column, sample_weight=None):
        """Learn the values.

        Parameters
        ----------
        column : Series of shape (n_rows,)
            Text; NaN where it is missing.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        weights = np.ones(len(column)) if sample_weight is None else sample_weight
        codes, values = pd.factorize(column, sort=True, use_na_sentinel=False)
        counts = np.bincount(codes, weights=weights, minlength=len(values))
        frequent = counts >= self.min_frequency
        if not frequent.any():  # all values would share one column, which holds no information
            frequent[:] = True
        self.values_ = [value for value, keep in zip(values, frequent, strict=True) if keep]
        self.has_rare_ = bool((~frequent).any())
        return self

    def transform(self, column):
        """Return zeros and ones of shape (n_rows, n_values)."""
        places = pd.Index(self.values_, dtype=object).get_indexer(column)
        encoded = np.zeros((len(column), len(self.values_) + self.has_rare_))
        rows = np.arange(len(column)) if self.has_rare_ else np.flatnonzero(places >= 0)
        encoded[rows, places[rows]] = 1  # -1, of a value that is not frequent, is the last column
        return encoded

    def get_feature_names_out(self):
        """Return ``["ward_a", "ward_b", "ward_infrequent_sklearn"]``."""
        names = [f"{self.name}_{value}" for value in self.values_]
        return names + [f"{self.name}_infrequent_sklearn"] * self.has_rare_
