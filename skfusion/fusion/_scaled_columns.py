"""ScaledColumns: a table's columns beside the first components of images, scaled as a block."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._block_scaler import BlockScaler


@plain_data
class ScaledColumns(TransformerMixin, BaseEstimator):
    """Keep the columns of a table, and the first components of images, scaled as one block.

    Parameters
    ----------
    n_table : int
        How many columns, the first ones, belong to the table.

    n_image : int
        How many of the columns after them are kept; 0 for none.

    variance : float, default=1.0
        The total variance of the block of images.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._scaled_columns import ScaledColumns
    >>> columns = np.random.default_rng(0).normal(size=(50, 12))
    >>> ScaledColumns(2, 5).fit_transform(columns).shape
    (50, 7)
    """

    def __init__(self, n_table, n_image, variance=1.0):
        self.n_table = n_table
        self.n_image = n_image
        self.variance = variance

    def fit(self, X, y=None, sample_weight=None):
        """Learn the scale of the block."""
        self.scaler_ = None
        if self.n_image:
            self.scaler_ = BlockScaler(self.variance).fit(self._block(X), None, sample_weight)
        return self

    def transform(self, X):
        """Return columns of shape (n_rows, n_table + n_image)."""
        table = X[:, : self.n_table]
        if self.scaler_ is None:
            return table
        return np.hstack([table, self.scaler_.transform(self._block(X))])

    def _block(self, X):
        return X[:, self.n_table : self.n_table + self.n_image]
