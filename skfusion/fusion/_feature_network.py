"""FeatureNetwork: a network of a table and features of images, as a model of a fusion."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._joint_inputs import make_input_group
from skfusion.networks._joint_layers import build_joint
from skfusion.training._folds import validation_rows
from skfusion.training._loop import train
from skfusion.training._target_encoding import TargetEncoding
from skfusion.training._training_config import TrainingConfig
from skfusion.training._training_data import TrainingData
from skfusion.training._weights import normalize_weights

_TRAINING = {"epochs": 100, "learning_rate": 3e-3, "early_stopping": True, "n_iter_no_change": 10}
_UNITS, _DROPOUT, _HELD_OUT = 64, 0.2, 0.1
# Of more columns of images than these, those with the least variance are left out: they are noise
# that a network learns by heart, where there are few rows.
_LEAST_COLUMNS, _ROWS_OF_A_COLUMN = 30, 20
# Steps of an epoch: more rows make larger batches.
_STEPS, _LEAST_BATCH = 60, 32


@plain_data
class FeatureNetwork(BaseEstimator):
    """Train a network on the columns of a table, and features of images after them.

    Parameters
    ----------
    n_table : int
        How many columns, the first ones, belong to the table.

    predicts_classes : bool, default=True
        Whether classes are predicted, or numbers.

    seed : int, default=0
        The seed of weights, held-out rows, batches and dropout.

    Attributes
    ----------
    kept_ : ndarray of int or None
        The columns of images that are used, counted from the first of them; None is all.

    Examples
    --------
    >>> from sklearn.base import is_classifier
    >>> from skfusion.fusion._feature_network import FeatureNetwork
    >>> is_classifier(FeatureNetwork(n_table=5))
    True
    """

    kept_ = None  # of networks that older versions saved

    def __init__(self, n_table, predicts_classes=True, seed=0):
        self.n_table = n_table
        self.predicts_classes = predicts_classes
        self.seed = seed

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self.predicts_classes else "regressor"
        tags.classifier_tags = ClassifierTags() if self.predicts_classes else None
        return tags

    def fit(self, X, y, sample_weight=None, groups=None):
        """Train the network on rows of shape (n_rows, n_columns)."""
        task = "classification" if self.predicts_classes else "regression"
        weights = None if self.predicts_classes else sample_weight
        target = TargetEncoding(y, task, sample_weight=weights)
        self.classes_, self.center_, self.scale_ = target.classes, target.center, target.scale
        held_out = validation_rows(
            _HELD_OUT, len(X), self.seed, strata=target.strata, groups=groups
        )
        self.kept_ = _find_columns(np.asarray(X)[:, self.n_table :])
        rows = self._inputs(X)
        network = build_joint(
            rows["image"].shape[1:],
            self.n_table,
            fusion="concat",
            n_units=_UNITS,
            dropout=_DROPOUT,
            n_outputs=target.n_outputs,
            activation=target.activation,
            seed=self.seed,
        )
        inputs = make_input_group(rows, modality_dropout=0)
        weights = normalize_weights(sample_weight, held_out)
        batch_size = max(_LEAST_BATCH, 2 ** int(np.log2(max(1, len(X) // _STEPS))))
        config = TrainingConfig(target.loss, batch_size=batch_size, seed=self.seed, **_TRAINING)
        data = TrainingData(inputs, target.values, weights, held_out)
        self.network_, _ = train(network, data, config)
        return self

    def _inputs(self, X):
        X = np.asarray(X, dtype=np.float32)
        ones = np.ones((len(X), 1), dtype=np.float32)
        table, image = X[:, : self.n_table], X[:, self.n_table :]
        image = image if self.kept_ is None else image[:, self.kept_]
        return {"has_image": ones, "has_table": ones, "image": image, "table": table}

    def predict_proba(self, X):
        """Return probabilities of shape (n_rows, n_classes)."""
        return self._compute(X).astype(float)

    def predict(self, X):
        """Return numbers of shape (n_rows,)."""
        return (self._compute(X) * self.scale_ + self.center_)[:, 0]

    def _compute(self, X):
        return self.network_.compute(self._inputs(X), batch_size=256)


def _find_columns(image):
    """Return the columns with the most variance, in their order."""
    n_kept = max(_LEAST_COLUMNS, len(image) // _ROWS_OF_A_COLUMN)
    return np.sort(np.argsort(-image.var(axis=0), kind="stable")[:n_kept])
