"""ImageRotation: the features of images, standardized and turned to their principal axes."""

import numpy as np
from scipy import linalg
from sklearn.preprocessing import StandardScaler
from sklearn.utils.extmath import randomized_svd

from skfusion._utils.plain_data import plain_data
from skfusion.tabular._weighted_statistics import weighted_mean

_MOST_COMPONENTS = 1000
# From this size on, and for this share of the components at most, an approximation is faster.
_LARGE, _SHARE = 500, 0.8


@plain_data
class ImageRotation:
    """Standardize features of images, and turn them to their principal axes.

    A penalized linear model is the same on all axes as on the features, and faster where there
    are fewer rows than features. Forests get the first axes alone. Features that a row lacks get
    their mean.

    Attributes
    ----------
    means_ : ndarray of shape (n_features,)
        What missing features get.

    axes_ : ndarray of shape (n_components, n_features)
        The principal axes, most variance first.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._image_rotation import ImageRotation
    >>> features = np.random.default_rng(0).normal(size=(50, 768))
    >>> ImageRotation().fit(features).transform(features).shape
    (50, 49)
    """

    def fit(self, features, sample_weight=None):
        """Learn means, deviations and axes.

        Parameters
        ----------
        features : ndarray of shape (n_rows, n_features)
            NaN where a row lacks a feature.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        self.means_ = weighted_mean(features, sample_weight).astype(features.dtype)
        filled = self._imputed(features)
        self._scaler = StandardScaler().fit(filled, sample_weight=sample_weight)
        standardized = self._scaler.transform(filled)
        if sample_weight is not None:
            standardized *= np.sqrt(sample_weight)[:, None].astype(features.dtype)
        self.axes_ = _principal_axes(standardized, min(*features.shape, _MOST_COMPONENTS))
        return self

    def transform(self, features):
        """Return coordinates of shape (n_rows, n_components)."""
        return self._scaler.transform(self._imputed(features)) @ self.axes_.T

    def _imputed(self, features):
        return np.where(np.isnan(features), self.means_, features)


def _principal_axes(centered, n_components):
    """Return the first principal axes of rows whose mean is 0: those along which rows differ."""
    n_rows, n_features = centered.shape
    if n_features <= _MOST_COMPONENTS and n_rows >= 10 * n_features:
        variances, axes = linalg.eigh(centered.T.astype(float) @ centered)
        lengths, axes = np.sqrt(variances.clip(0))[::-1], axes.T[::-1].astype(centered.dtype)
    elif max(centered.shape) > _LARGE and n_components < _SHARE * min(centered.shape):
        _, lengths, axes = randomized_svd(centered, n_components, random_state=0)
    else:
        _, lengths, axes = linalg.svd(centered, full_matrices=False)
    tolerance = lengths.max() * max(centered.shape) * np.finfo(centered.dtype).eps
    rank = max(1, int((lengths > tolerance).sum()))
    axes = axes[: min(n_components, rank)]
    # An axis has two directions: its largest entry is made positive.
    largest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(len(axes)), largest])
    return axes * np.where(signs == 0, 1, signs)[:, None].astype(axes.dtype)
