"""BlockScaler: many columns with the weight of one."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skfusion._utils.decorators import fit_context
from skfusion._utils.plain_data import plain_data


@plain_data
class BlockScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Center a block of columns and give it a total variance.

    Beside other blocks that are scaled alike, 1,000 columns of an image then weigh no more than 5
    of a table. The proportions inside the block stay as they are: standardize the columns before,
    if they have no common unit.

    Parameters
    ----------
    variance : float, default=1.0
        The sum of the columns' variances afterwards.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        What is subtracted.

    scale_ : float
        What the columns are divided by; 1 if they are all constant.

    n_features_in_ : int
        Number of columns in `fit`.

    See Also
    --------
    make_fusion_pipeline : Scales the block of each source.

    Notes
    -----
    Block scaling as in multiblock component analysis (Westerhuis, Kourti and MacGregor, doi
    10.1002/(SICI)1099-128X(199809/10)12:5<301::AID-CEM515>3.0.CO;2-S).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._block_scaler import BlockScaler
    >>> block = np.random.default_rng(0).normal(size=(50, 8))
    >>> float(BlockScaler().fit_transform(block).var(axis=0).sum().round(6))
    1.0
    """

    _parameter_constraints: dict[str, Any] = {
        "variance": [Interval(Real, 0, None, closed="neither")]
    }

    def __init__(self, variance=1.0):
        self.variance = variance

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn means and the total variance.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The block.

        y : None
            Not used.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, 0 or more.

        Returns
        -------
        self : object
            The fitted scaler.
        """
        X = validate_data(self, X, dtype=[np.float64, np.float32])
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self.mean_ = np.average(X, axis=0, weights=sample_weight).astype(X.dtype)
        total = float(np.average((X - self.mean_) ** 2, axis=0, weights=sample_weight).sum())
        self.scale_ = float(np.sqrt(total / self.variance)) if total > 0 else 1.0
        return self

    def transform(self, X):
        """Center and scale the block.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            The block.

        Returns
        -------
        scaled : ndarray of shape (n_rows, n_features)
            Centered and scaled.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return (X - self.mean_) / self.scale_
