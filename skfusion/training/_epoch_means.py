"""EpochMeans: means over the rows of an epoch, from values of batches."""

import numpy as np


class EpochMeans:
    """Collect what a network reports for each batch, and average it over rows.

    Keras reports the loss of a batch as a mean over its rows, and other metrics as means that the
    weights of rows weight. The last batch of an epoch may be short, and it's only one of them.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._epoch_means import EpochMeans
    >>> means = EpochMeans()
    >>> means.add({"loss": 1.0}, np.array([0, 1, 1]))
    >>> means.add({"loss": 5.0}, np.array([1]))
    >>> means.result()
    {'loss': 2.0}
    """

    def __init__(self):
        self._values = []
        self._targets = []
        self._weights = []

    def add(self, values, targets, weights=None):
        """Add a batch: its values by name, its targets, and the weights of its rows."""
        self._values.append(values)
        self._targets.append(targets)
        self._weights.append(np.ones(len(targets)) if weights is None else weights)

    def result(self):
        """Return the means over all rows; for a squared error, the R2 score in its place."""
        rows = np.array([len(weights) for weights in self._weights])
        totals = np.array([weights.sum() for weights in self._weights])
        if not totals.any():  # the rows that count are all held out
            totals = rows
        means = {}
        for name in self._values[0]:
            values = np.array([float(batch[name]) for batch in self._values])
            # The sum over rows: Keras divides a weighted loss by the number of rows.
            sums = values * (rows if name == "loss" else totals)
            means[name] = float(sums.sum() / totals.sum())
        if "mean_squared_error" in means:
            targets, weights = map(np.concatenate, (self._targets, self._weights))
            means["r2"] = r2_score(means.pop("mean_squared_error"), targets, weights)
        return means


def r2_score(squared_error, targets, weights=None):
    """Compute R2 from a mean squared error, over all outputs together.

    Parameters
    ----------
    squared_error : float
        The mean over rows and outputs, weighted by rows.

    targets : ndarray of shape (n_rows, n_outputs)
        The values that were to be predicted.

    weights : ndarray of shape (n_rows,), default=None
        Weights of the rows; None, or zeros only, weights all rows equally.

    Returns
    -------
    score : float
        As scikit-learn's `r2_score` with ``multioutput="variance_weighted"``: for targets without
        variance, 1 if there is no error and 0 if there is one.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._epoch_means import r2_score
    >>> r2_score(1.0, np.array([[1.0], [5.0]]))
    0.75
    """
    if weights is not None and not weights.any():
        weights = None
    deviations = targets - np.average(targets, axis=0, weights=weights)
    variance = np.average(deviations**2, axis=0, weights=weights).mean()
    if variance == 0:
        return 1.0 if squared_error == 0 else 0.0
    return float(1 - squared_error / variance)
