"""RecentWeights: the mean of a network's weights over the last epochs."""

from collections import deque

import numpy as np


class RecentWeights:
    """Keep the weights after the last epochs, and average them.

    Parameters
    ----------
    n_epochs : int
        How many epochs; 1 keeps none, and the mean is that of the weights as they are.

    get_weights : callable
        Returns the weights.

    Notes
    -----
    The mean of the weights along a training often generalizes better than the last ones (Izmailov
    et al., "Averaging Weights Leads to Wider Optima and Better Generalization", arXiv 1803.05407).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._recent_weights import RecentWeights
    >>> weights = iter([1.0, 3.0, 7.0])
    >>> recent = RecentWeights(2, lambda: [np.array(next(weights))])
    >>> for _ in range(3):
    ...     recent.update()
    >>> recent.mean()
    [np.float64(5.0)]
    """

    def __init__(self, n_epochs, get_weights):
        self._get_weights = get_weights
        self._kept = deque(maxlen=n_epochs)

    def update(self):
        """Add the weights after an epoch."""
        if self._kept.maxlen > 1:
            self._kept.append(self._get_weights())

    def mean(self):
        """Return the mean of the weights, of those that are floats."""
        if not self._kept:
            return self._get_weights()
        return [
            np.mean(arrays, axis=0, dtype=arrays[-1].dtype)
            if arrays[-1].dtype.kind == "f"
            else arrays[-1]
            for arrays in zip(*self._kept, strict=True)
        ]
