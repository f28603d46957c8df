"""TargetTransform: targets with a long tail, brought nearer to a normal distribution."""

import numpy as np
from scipy.stats import norm

from skfusion._utils.plain_data import plain_data

# A target whose skewness is above this has a long tail.
_LONG_TAIL = 1.0


@plain_data
class TargetTransform:
    """Transform targets for models to learn, and their predictions back.

    Predictions are kept between the lowest and the highest target of `fit`.

    Parameters
    ----------
    kind : {"log", "quantile"} or None
        "log" is the logarithm of targets that are 0 or more; where some are 0, the smallest
        positive target is added to all. "quantile" maps the targets' quantiles to those of a
        normal distribution. None leaves targets as they are.

    Attributes
    ----------
    low_, high_ : float
        The lowest and the highest target.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._target_transform import TargetTransform
    >>> transform = TargetTransform("log").fit(np.array([1.0, 10.0, 100.0]))
    >>> transform.inverse_transform(np.log([10.0, 1e9])).round(6).tolist()
    [10.0, 100.0]
    """

    def __init__(self, kind):
        self.kind = kind

    def fit(self, y, sample_weight=None):
        """Learn from targets of shape (n_rows,) and, if there are any, weights of the rows."""
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        if self.kind == "log":
            self._shift = 0.0 if y.min() > 0 else float(y[y > 0].min(initial=np.inf))
            if np.isinf(self._shift):  # all are 0
                self._shift = 1.0
        elif self.kind == "quantile":
            self._values, rows = np.unique(y, return_inverse=True)
            counts = np.bincount(rows, weights=weights)
            self._normal = norm.ppf((np.cumsum(counts) - counts / 2) / counts.sum())
        self.low_, self.high_ = float(y.min()), float(y.max())
        return self

    def transform(self, y):
        """Return transformed targets."""
        if self.kind == "log":
            return np.log(y + self._shift)
        if self.kind == "quantile":
            return np.interp(y, self._values, self._normal)
        return y

    def inverse_transform(self, predicted, clip=True):
        """Return predictions in the unit of the targets.

        With `clip`, they are between the lowest and the highest target. Without, they are only
        for "quantile", and they are 0 or more for "log".
        """
        if clip:
            predicted = np.clip(predicted, *self.transform(np.array([self.low_, self.high_])))
        numbers = predicted
        if self.kind == "log":
            numbers = np.maximum(np.exp(predicted) - self._shift, 0)
        elif self.kind == "quantile":
            numbers = np.interp(predicted, self._normal, self._values)
        return np.clip(numbers, self.low_, self.high_) if clip else numbers


def find_candidates(y, sample_weight):
    """Return the kinds of transform that are worth a trial: others only for a long tail.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Targets.

    sample_weight : ndarray of shape (n_rows,)
        Weights of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._target_transform import find_candidates
    >>> find_candidates(np.array([1.0, 2.0, 3.0]), np.ones(3))
    (None,)
    >>> find_candidates(np.exp(np.linspace(0, 8, 50)), np.ones(50))
    (None, 'log', 'quantile')
    """
    centered = y - np.average(y, weights=sample_weight)
    variance = np.average(centered**2, weights=sample_weight)
    if variance <= 0:
        return (None,)
    skewness = np.average(centered**3, weights=sample_weight) / variance**1.5
    if abs(skewness) <= _LONG_TAIL:
        return (None,)
    return (None, "log", "quantile") if y.min() >= 0 and skewness > 0 else (None, "quantile")
