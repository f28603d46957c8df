"""Combination: one prediction from those of all models, by one strategy."""

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._pool_weights import pool_weights
from skfusion.fusion._probability_stack import ProbabilityStack
from skfusion.fusion._regression_stack import RegressionStack
from skfusion.fusion._row_losses import LOWEST_PROBABILITY, likelihoods, row_losses

# The feature sets whose models each strategy combines, the simpler strategies first: one source,
# an average of both, an average with a share for models of all columns, such models alone, a
# network of both.
FEATURE_SETS_OF = {
    "table": ("table",),
    "image": ("image",),
    "late": ("table", "image"),
    "stacked": ("table", "image", "joint"),
    "early": ("joint",),
    "joint": ("network",),
}
NETWORK = "joint"  # the strategy that is tried with many rows alone, or on request
STRATEGIES = tuple(name for name in FEATURE_SETS_OF if name != NETWORK)
# In rows: how strongly weights are shrunk towards the best model of a feature set, the better
# source, and equal shares of the feature sets.
_MODEL_SHRINKAGE, _SOURCE_SHRINKAGE, _STACK_PENALTY = 0.5, 2.0, 5.0


@plain_data
class Combination:
    """Combine predictions by weights that are learned from predictions for unseen rows.

    Parameters
    ----------
    strategy : {"table", "image", "late", "stacked", "early"}
        Which feature sets count, and how they become one.

    Attributes
    ----------
    model_weights_ : dict of str to ndarray
        For each feature set the weights of its models, summing to one.

    source_weights_ : ndarray of shape (2,) or None
        Of table and images, for "late".

    stack_ : ProbabilityStack, RegressionStack or None
        The meta-model, for "stacked". For probabilities of the other strategies, a meta-model of
        one member, which sharpens or flattens them; None for numbers of the others.

    Notes
    -----
    Averages of calibrated probabilities are too close to the mean, more for one strategy than for
    another (Ranjan and Gneiting, doi 10.1111/j.1467-9868.2009.00726.x). One more weight corrects
    this (temperature scaling; Guo et al., arXiv 1706.04599). Without it, log losses would compare
    calibration, and "stacked", which has such weights, would win without more information.
    """

    def __init__(self, strategy):
        self.strategy = strategy

    @property
    def feature_sets(self):
        """tuple of str : The feature sets whose models are combined."""
        return FEATURE_SETS_OF[self.strategy]

    def fit(self, predictions, y, sample_weight=None):
        """Learn from predictions of each feature set's models.

        Parameters
        ----------
        predictions : dict of str to list of ndarray
            As `BaseModels.predict` returns them, for rows that the models were not fitted on.

        y : ndarray of shape (n_rows,)
            Class numbers, or numbers.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.
        """
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.model_weights_ = {
            name: _fit_weights(predictions[name], y, weights, _MODEL_SHRINKAGE)
            for name in self.feature_sets
        }
        self.source_weights_, self.stack_ = None, None
        pooled = self._pool(predictions)
        if self.strategy == "late":
            self.source_weights_ = _fit_weights(pooled, y, weights, _SOURCE_SHRINKAGE)
        members = self._members(pooled)
        if members[0].ndim == 2:
            # A single confident member does not outvote the others.
            floor = {} if self.strategy == "stacked" else {"floor": LOWEST_PROBABILITY}
            self.stack_ = ProbabilityStack(_STACK_PENALTY, **floor).fit(members, y, weights)
        elif self.strategy == "stacked":
            self.stack_ = RegressionStack(_STACK_PENALTY).fit(members, y, weights)
        return self

    def predict(self, predictions):
        """Return one prediction a row: probabilities of shape (n_rows, n_classes), or numbers."""
        members = self._members(self._pool(predictions))
        return members[0] if self.stack_ is None else self.stack_.predict(members)

    def _pool(self, predictions):
        return [
            _average(predictions[name], self.model_weights_[name]) for name in self.feature_sets
        ]

    def _members(self, pooled):
        """Return what the meta-model gets: for "late" one average, else one of each set."""
        return [_average(pooled, self.source_weights_)] if self.strategy == "late" else pooled


def _fit_weights(predictions, y, weights, shrinkage):
    losses = [np.average(row_losses(each, y), weights=weights) for each in predictions]
    options = {"shrinkage": shrinkage, "sample_weight": weights}
    if predictions[0].ndim == 2:
        columns = np.column_stack([likelihoods(each, y) for each in predictions])
        return pool_weights(losses, likelihoods=columns, **options)
    residuals = np.column_stack(predictions) - y[:, None]
    return pool_weights(losses, residuals=residuals, **options)


def _average(predictions, weights):
    return sum(weight * each for weight, each in zip(weights, predictions, strict=True))
