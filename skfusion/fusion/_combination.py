"""Combination: one strategy's way from the predictions of models to one prediction."""

import numpy as np

from skfusion.fusion._meta_models import NumberStack, ProbabilityStack
from skfusion.fusion._pooling import pool_weights

# What each strategy listens to. The simpler come first: one source, an average of two models, an
# average with a share for a model of all columns, such a model alone.
VIEWS_OF = {
    "table": ("table",),
    "image": ("image",),
    "late": ("table", "image"),
    "stacked": ("table", "image", "joint"),
    "early": ("joint",),
}
STRATEGIES = tuple(VIEWS_OF)
# In rows: how strongly weights are drawn to the best model of a view, to the better source, and
# to equal shares of the views.
_MODEL_SHRINKAGE, _SOURCE_SHRINKAGE, _STACK_PENALTY = 0.5, 2.0, 5.0
_LEAST = 1e-6


class Combination:
    """Weights of models, views and sources, learned from predictions for rows not seen.

    Parameters
    ----------
    strategy : {"table", "image", "late", "stacked", "early"}
        Which views count, and how they become one.

    Attributes
    ----------
    model_weights_ : dict of str to ndarray
        For each view the weights of its models, summing to one.

    source_weights_ : ndarray of shape (2,) or None
        Of table and images, for "late".

    stack_ : ProbabilityStack, NumberStack or None
        The meta-model, for "stacked". For probabilities of the other strategies, a meta-model of
        one member, which sharpens or flattens them; None for numbers of the others.

    Notes
    -----
    Averages of good probabilities are too cautious, each strategy's to another degree (Ranjan and
    Gneiting, doi 10.1111/j.1467-9868.2009.00726.x). Without one more weight for it (temperature
    scaling; Guo and others, arXiv 1706.04599), log losses would compare caution, and "stacked",
    which has such weights, would win where it knows nothing more.
    """

    def __init__(self, strategy):
        self.strategy = strategy

    @property
    def views(self):
        """The views that this strategy listens to."""
        return VIEWS_OF[self.strategy]

    def fit(self, predictions, y):
        """Learn from predictions of each view's models.

        Parameters
        ----------
        predictions : dict of str to list of ndarray
            As `ViewModels.predict` gives them, for rows that the models were not fitted on.

        y : ndarray of shape (n_rows,)
            Class numbers, or numbers.
        """
        self.model_weights_ = {
            view: _weights(predictions[view], y, _MODEL_SHRINKAGE) for view in self.views
        }
        self.source_weights_, self.stack_ = None, None
        pooled = self._pooled_views(predictions)
        if self.strategy == "late":
            self.source_weights_ = _weights(pooled, y, _SOURCE_SHRINKAGE)
        members = self._members(pooled)
        if members[0].ndim == 2:
            # Alone, a member outvotes nobody by being sure.
            floor = {} if self.strategy == "stacked" else {"floor": _LEAST}
            self.stack_ = ProbabilityStack(_STACK_PENALTY, **floor).fit(members, y)
        elif self.strategy == "stacked":
            self.stack_ = NumberStack(_STACK_PENALTY).fit(members, y)
        return self

    def predict(self, predictions):
        """One prediction a row: probabilities of shape (n_rows, n_classes), or numbers."""
        members = self._members(self._pooled_views(predictions))
        return members[0] if self.stack_ is None else self.stack_.predict(members)

    def _pooled_views(self, predictions):
        return [_averaged(predictions[view], self.model_weights_[view]) for view in self.views]

    def _members(self, pooled):
        """What the meta-model is given: for "late" one average, else each view's prediction."""
        return [_averaged(pooled, self.source_weights_)] if self.strategy == "late" else pooled


def row_losses(prediction, y):
    """The loss of each row: log loss of probabilities, squared error of numbers."""
    if prediction.ndim == 1:
        return (prediction - y) ** 2
    return -np.log(_likelihoods(prediction, y))


def _likelihoods(prediction, y):
    return np.clip(prediction[np.arange(len(y)), y], _LEAST, 1)


def _weights(predictions, y, shrinkage):
    losses = np.array([row_losses(prediction, y).mean() for prediction in predictions])
    if predictions[0].ndim == 2:
        likelihoods = np.column_stack([_likelihoods(each, y) for each in predictions])
        return pool_weights(losses, likelihoods, shrinkage=shrinkage)
    residuals = np.column_stack(predictions) - y[:, None]
    return pool_weights(losses, residuals=residuals, shrinkage=shrinkage)


def _averaged(predictions, weights):
    return sum(weight * each for weight, each in zip(weights, predictions, strict=True))
