"""BaseDense: what the dense classifier and the dense regressor have in common."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from skfusion._utils.callbacks import CallbackSupportMixin
from skfusion._utils.saved_state import SavedStateMixin
from skfusion.heads._dense_network import ACTIVATIONS, build_dense
from skfusion.inspection._training_history_display import TrainingHistoryDisplay
from skfusion.training._class_weight import combined_weight
from skfusion.training._epoch_reporter import FINAL, EpochReporter
from skfusion.training._learning_rates import OPTIMIZERS, default_learning_rate
from skfusion.training._loop import train
from skfusion.training._splits import validation_rows
from skfusion.training._target_encoder import TargetEncoding
from skfusion.training._training_config import TrainingConfig


class BaseDense(SavedStateMixin, CallbackSupportMixin, BaseEstimator):
    """Trains a dense network on columns of numbers; a subclass knows what its outputs mean."""

    _parameter_constraints: dict[str, Any] = {
        "hidden": ["array-like", Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "batch_norm": ["boolean"],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": [Interval(Integral, 1, None, closed="left"), None],
        "standardize": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def plot_history(self, *, metric: str = "loss", ax: Any = None) -> TrainingHistoryDisplay:
        """Draw the epochs of the training.

        Parameters
        ----------
        metric : {"loss", "accuracy"}, default="loss"
            What is drawn; accuracies are there where y holds one class a row.

        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            With what was drawn.
        """
        return TrainingHistoryDisplay.from_estimator(self, metric=metric, ax=ax)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "network_")  # a fit that was interrupted leaves other attributes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _fit(self, X, y, sample_weight, *, task, class_weight=None, loss="auto"):
        """Train on all rows but those that are held out; the form of y comes back."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32])
        target = TargetEncoding(y, task, loss=loss)
        check_consistent_length(X, target.values)
        weight = _row_weights(X, target, class_weight, sample_weight)
        X = _as_dense(X)
        scaler = StandardScaler().fit(X) if self.standardize else None
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        held_out = validation_rows(self.validation_fraction, len(X), seed, strata=target.strata)
        reporter = EpochReporter(self, n_runs=1, n_epochs=self.epochs)
        with reporter.fit(X, y), reporter.run(type(self).__name__, FINAL) as on_epoch:
            network, history = train(
                self._blank(target, seed),
                _scaled(scaler, X).astype(np.float32),
                target.values,
                self._plan(target, seed),
                sample_weight=weight,
                held_out=held_out,
                on_epoch=on_epoch,
            )
        self.network_, self.scaler_ = network, scaler
        self.history_ = pd.DataFrame(history).drop(columns="stage")
        self.n_outputs_ = target.n_outputs
        return target

    def _blank(self, target, seed):
        """The network before training."""
        return build_dense(
            self.n_features_in_,
            target.n_outputs,
            target.activation,
            hidden=_checked_widths(self.hidden),
            activation=self.activation,
            dropout=float(self.dropout),
            batch_norm=bool(self.batch_norm),
            weight_decay=float(self.weight_decay),
            seed=seed,
        )

    def _plan(self, target, seed):
        rate = self.learning_rate
        if rate is None:
            rate = default_learning_rate(self.optimizer, self.n_features_in_)
        return TrainingConfig(
            target.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=float(rate),
            patience=self.early_stopping,
            seed=seed,
        )

    def _outputs(self, X):
        """What the output layer gives, of shape (n_rows, n_outputs)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        return self.network_.compute(_scaled(self.scaler_, _as_dense(X)))


def _checked_widths(hidden):
    widths = (hidden,) if isinstance(hidden, Integral) else tuple(hidden)
    if not all(isinstance(width, Integral) and width >= 1 for width in widths):
        raise ValueError(
            f"hidden={hidden!r} must hold the number of units of each hidden layer, whole numbers "
            "of 1 or more, as in hidden=(64, 32); () means none."
        )
    return tuple(int(width) for width in widths)


def _row_weights(X, target, class_weight, sample_weight):
    """Weights with mean 1, so that their scale doesn't act as a learning rate; None for none."""
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X)
        if (sample_weight < 0).any():
            raise ValueError("sample_weight holds negative numbers; weights must be 0 or more.")
    weight = combined_weight(target, class_weight, sample_weight)
    if weight is None:
        return None
    if not weight.any():
        raise ValueError("All rows have weight 0; there is nothing to learn from.")
    return weight / weight.mean()


def _scaled(scaler, X):
    return X if scaler is None else scaler.transform(X)


def _as_dense(X):
    return X.toarray() if issparse(X) else X
