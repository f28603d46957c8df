"""RegressionStack: one number from those of several models."""

import numpy as np

from skfusion._utils.plain_data import plain_data


@plain_data
class RegressionStack:
    """Combine predicted numbers by a ridge regression, shrunk towards equal shares.

    Parameters
    ----------
    penalty : float
        How many rows the shrinkage counts as, each with the spread of y. In units of the spread of
        the predictions, it would vanish for weak models, which predict near the mean.

    Attributes
    ----------
    weights_ : ndarray of shape (n_models,)
        The weights of the models.

    mean_ : float
        The mean of y, from which predictions are counted.

    low_, high_ : float
        The lowest and the highest target. Predictions stay between them.

    Notes
    -----
    Stacked regression (Breiman, doi 10.1007/BF00117832).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._regression_stack import RegressionStack
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> stack = RegressionStack(penalty=0.0).fit([y / 2, y[::-1]], y)
    >>> stack.predict([y / 2, y[::-1]]).round(6).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, penalty):
        self.penalty = penalty

    def fit(self, predictions, y, sample_weight=None):
        """Find the weights of the models.

        Parameters
        ----------
        predictions : list of ndarray of shape (n_rows,)
            The predictions of each model.

        y : ndarray of shape (n_rows,)
            The targets.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        columns = np.column_stack(predictions)
        row_weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.low_, self.high_ = float(y.min()), float(y.max())
        self.mean_ = float(np.average(y, weights=row_weights))
        variance = np.average((y - self.mean_) ** 2, weights=row_weights)
        pull = self.penalty * (variance + np.finfo(float).tiny)
        equal = np.full(columns.shape[1], 1 / columns.shape[1])
        centered = columns - self.mean_
        weighted = row_weights[:, None] * centered
        gram = weighted.T @ centered + pull * np.eye(columns.shape[1])
        aim = weighted.T @ (y - self.mean_) + pull * equal
        self.weights_ = np.linalg.lstsq(gram, aim, rcond=None)[0]
        return self

    def predict(self, predictions):
        """Return numbers of shape (n_rows,)."""
        stacked = self.mean_ + (np.column_stack(predictions) - self.mean_) @ self.weights_
        return np.clip(stacked, self.low_, self.high_)
