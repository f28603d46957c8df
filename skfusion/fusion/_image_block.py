"""ImageBlock: the features of images, reduced and scaled beside a table."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skfusion._utils.decorators import fit_context
from skfusion._utils.plain_data import plain_data
from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_config import default_config
from skfusion._utils.typing import Features
from skfusion.fusion._block_scaler import BlockScaler
from skfusion.fusion._image_rotation import ImageRotation


@plain_data
class ImageBlock(SavedStateMixin, TransformerMixin, BaseEstimator):
    """Standardize the features of images, reduce them, and scale them as one block.

    A thousand features of an image beside five columns of a table outweigh them: a penalized
    linear model spends its weights on the many, and the trees of a forest rarely draw the few.
    The first principal components hold most of the features' variance.

    Parameters
    ----------
    n_components : int or None, default=30
        How many principal components are kept, if there are so many; None keeps all.

    variance : float, default=10.0
        The total variance of the block: it weighs as much as so many standardized columns.

    Attributes
    ----------
    n_components_ : int
        How many components there are.

    rotation_ : ImageRotation
        The fitted standardization and principal axes. Features that are missing get their mean.

    n_features_in_ : int
        Number of columns in `fit`.

    See Also
    --------
    make_fusion_pipeline : Uses it between the embedder and the table.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import ImageBlock
    >>> features = np.random.default_rng(0).normal(size=(100, 768))
    >>> ImageBlock().fit_transform(features).shape
    (100, 30)
    """

    _holds_sklearn = True
    # With metadata routing, weights are passed on without a request by the user.
    __metadata_request__fit = {"sample_weight": True}
    _parameter_constraints: dict[str, Any] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "variance": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, n_components: int | None = 30, *, variance: float = 10.0) -> None:
        self.n_components = n_components
        self.variance = variance

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn means, deviations, principal axes and the block's scale.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features of images; NaN where a row has none.

        y : None
            Not used.

        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, 0 or more.

        Returns
        -------
        self : object
            The fitted block.
        """
        X = self._check(X, reset=True)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
            X, sample_weight = X[sample_weight > 0], sample_weight[sample_weight > 0]
        with default_config():
            self.rotation_ = ImageRotation().fit(X, sample_weight)
            components = self.rotation_.transform(X)
            kept = components.shape[1]
            self.n_components_ = kept if self.n_components is None else min(kept, self.n_components)
            self._scaler = BlockScaler(self.variance)
            self._scaler.fit(components[:, : self.n_components_], None, sample_weight)
        return self

    def transform(self, X: ArrayLike) -> Features:
        """Return the components of rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features of images; NaN where a row has none.

        Returns
        -------
        components : ndarray of shape (n_rows, n_components)
            Scaled as one block; their number is `n_components_`.
        """
        check_is_fitted(self)
        X = self._check(X, reset=False)
        with default_config():
            components = self.rotation_.transform(X)
            return self._scaler.transform(components[:, : self.n_components_])

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return ``component_000``, ``component_001``, ...

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        names : ndarray of str
            One name a component.
        """
        check_is_fitted(self)
        return np.array([f"component_{i:03d}" for i in range(self.n_components_)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check(self, X, reset):
        kinds = [np.float64, np.float32]
        return validate_data(self, X, dtype=kinds, ensure_all_finite="allow-nan", reset=reset)
