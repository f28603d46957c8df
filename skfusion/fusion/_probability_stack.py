"""ProbabilityStack: one probability from those of several models."""

import numpy as np
from scipy.optimize import minimize

from skfusion._utils.plain_data import plain_data


@plain_data
class ProbabilityStack:
    """Combine probabilities by a weighted geometric mean, whose weights may have any sum.

    This is a multinomial logistic regression on log probabilities, with one weight a model for
    all classes, so that 99 classes need no more weights than two. A penalty shrinks the weights
    towards equal shares.

    Parameters
    ----------
    penalty : float
        The factor of the squared distance from equal shares, beside the summed log loss.

    floor : float, default=1e-4
        Lower probabilities are raised to this: one sure and wrong model must not outvote all
        others.

    Attributes
    ----------
    weights_ : ndarray of shape (n_models,)
        A sum above 1 sharpens the probabilities, one below 1 flattens them.

    Notes
    -----
    This is the logarithmic opinion pool, with weights fitted as in stacking (Wolpert, doi
    10.1016/S0893-6080(05)80023-1).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._probability_stack import ProbabilityStack
    >>> right = np.array([[0.8, 0.2], [0.3, 0.7], [0.7, 0.3], [0.1, 0.9]])
    >>> guess = np.full((4, 2), 0.5)
    >>> stack = ProbabilityStack(penalty=0.1).fit([right, guess], np.array([0, 1, 0, 1]))
    >>> bool(stack.weights_[0] > stack.weights_[1])
    True
    """

    def __init__(self, penalty, floor=1e-4):
        self.penalty = penalty
        self.floor = floor

    def fit(self, predictions, y, sample_weight=None):
        """Find the weights of the models.

        Parameters
        ----------
        predictions : list of ndarray of shape (n_rows, n_classes)
            The probabilities of each model.

        y : ndarray of int of shape (n_rows,)
            Class numbers.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        logs = self._logs(predictions)
        n_rows, _, n_models = logs.shape
        equal = np.full(n_models, 1 / n_models)
        row_weights = np.ones(n_rows) if sample_weight is None else sample_weight
        of_class = logs[np.arange(n_rows), y]

        def objective(weights):
            logits = logs @ weights
            logits -= logits.max(axis=1, keepdims=True)
            expected = np.exp(logits)
            expected /= expected.sum(axis=1, keepdims=True)
            distance = weights - equal
            likelihood = np.maximum(expected[np.arange(n_rows), y], np.finfo(float).tiny)
            loss = -(row_weights @ np.log(likelihood)) + self.penalty * (distance**2).sum()
            mean_logs = np.einsum("rc,rcm->rm", expected, logs)
            return loss, row_weights @ (mean_logs - of_class) + 2 * self.penalty * distance

        self.weights_ = minimize(objective, equal, jac=True, method="L-BFGS-B").x
        return self

    def predict(self, predictions):
        """Return probabilities of shape (n_rows, n_classes)."""
        logits = self._logs(predictions) @ self.weights_
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def _logs(self, predictions):
        """Return log probabilities of shape (n_rows, n_classes, n_models)."""
        return np.stack([np.log(np.maximum(values, self.floor)) for values in predictions], axis=2)
