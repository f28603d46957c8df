"""Models of predictions: how those of table, images and both become one."""

import numpy as np
from scipy.optimize import minimize


class ProbabilityStack:
    """A weighted geometric mean of probabilities, with weights that may sum to anything.

    A multinomial logistic regression on log probabilities, with one weight a model for all
    classes, so that 99 classes need no more weights than two. The penalty draws the weights to
    equal shares.

    Parameters
    ----------
    penalty : float
        The weight of the squared distance from equal shares, beside the summed log loss.

    floor : float, default=1e-4
        Probabilities below this count as this much: one sure and wrong model must not outvote all
        others.

    Attributes
    ----------
    weights_ : ndarray of shape (n_models,)
        More than 1 in all sharpens the probabilities, less flattens them.

    Notes
    -----
    This is the logarithmic opinion pool, with weights fitted as in stacking (Wolpert, doi
    10.1016/S0893-6080(05)80023-1).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._meta_models import ProbabilityStack
    >>> right = np.array([[0.8, 0.2], [0.3, 0.7], [0.7, 0.3], [0.1, 0.9]])
    >>> guess = np.full((4, 2), 0.5)
    >>> stack = ProbabilityStack(penalty=0.1).fit([right, guess], np.array([0, 1, 0, 1]))
    >>> bool(stack.weights_[0] > stack.weights_[1])
    True
    """

    def __init__(self, penalty, floor=1e-4):
        self.penalty = penalty
        self.floor = floor

    def fit(self, predictions, y):
        """Find the weights for probabilities of shape (n_rows, n_classes), one a model."""
        logs = self._logs(predictions)
        n_rows, _, n_models = logs.shape
        equal = np.full(n_models, 1 / n_models)
        of_class = logs[np.arange(n_rows), y]

        def objective(weights):
            logits = logs @ weights
            logits -= logits.max(axis=1, keepdims=True)
            expected = np.exp(logits)
            expected /= expected.sum(axis=1, keepdims=True)
            away = weights - equal
            chosen = np.maximum(expected[np.arange(n_rows), y], np.finfo(float).tiny)
            loss = -np.log(chosen).sum() + self.penalty * (away**2).sum()
            mean_logs = np.einsum("rc,rcm->rm", expected, logs)
            return loss, (mean_logs - of_class).sum(axis=0) + 2 * self.penalty * away

        self.weights_ = minimize(objective, equal, jac=True, method="L-BFGS-B").x
        return self

    def predict(self, predictions):
        """Probabilities of shape (n_rows, n_classes)."""
        logits = self._logs(predictions) @ self.weights_
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def _logs(self, predictions):
        """Log probabilities of shape (n_rows, n_classes, n_models)."""
        return np.stack([np.log(np.maximum(values, self.floor)) for values in predictions], axis=2)


class NumberStack:
    """A ridge regression on predicted numbers whose weights are drawn to equal shares.

    Parameters
    ----------
    penalty : float
        How many rows of average spread the pull is worth.

    Attributes
    ----------
    weights_ : ndarray of shape (n_models,)
        The weights of the models.

    mean_ : float
        The mean of y, from which predictions are counted.

    Notes
    -----
    Stacked regression (Breiman, doi 10.1007/BF00117832).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._meta_models import NumberStack
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> stack = NumberStack(penalty=0.0).fit([y / 2, y[::-1]], y)
    >>> stack.predict([y / 2, y[::-1]]).round(6).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, penalty):
        self.penalty = penalty

    def fit(self, predictions, y):
        """Find the weights for predictions of shape (n_rows,), one array a model."""
        columns = np.column_stack(predictions)
        self.mean_ = float(np.mean(y))
        centered = columns - self.mean_
        pull = self.penalty * (columns.var(axis=0).mean() + np.finfo(float).tiny)
        equal = np.full(columns.shape[1], 1 / columns.shape[1])
        gram = centered.T @ centered + pull * np.eye(columns.shape[1])
        aim = centered.T @ (y - self.mean_) + pull * equal
        self.weights_ = np.linalg.lstsq(gram, aim, rcond=None)[0]
        return self

    def predict(self, predictions):
        """Numbers of shape (n_rows,)."""
        return self.mean_ + (np.column_stack(predictions) - self.mean_) @ self.weights_
