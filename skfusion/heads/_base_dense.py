"""BaseDense: what the dense classifier and the dense regressor have in common."""

from abc import ABCMeta, abstractmethod
from dataclasses import replace
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

from skfusion._utils.saved_state import SavedStateMixin
from skfusion._utils.sklearn_compat import CallbackSupportMixin
from skfusion.heads._dense_network import ACTIVATIONS, build_dense
from skfusion.inspection._training_history_display import TrainingHistoryDisplay
from skfusion.training._array_input import ArrayInput
from skfusion.training._callbacks import check_callbacks
from skfusion.training._epoch_reporter import FINAL, EpochReporter
from skfusion.training._folds import validation_rows
from skfusion.training._learning_rates import OPTIMIZERS, default_learning_rate
from skfusion.training._loop import train
from skfusion.training._options_mixin import OptionsMixin
from skfusion.training._training_config import TrainingConfig
from skfusion.training._training_data import TrainingData
from skfusion.training._training_options import TrainingOptions
from skfusion.training._weights import combine_weights, normalize_weights


class BaseDense(
    OptionsMixin, SavedStateMixin, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta
):
    """Train a dense network on columns of numbers; a subclass gives its outputs a meaning."""

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
        "early_stopping": ["boolean"],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "standardize": ["boolean"],
        "options": [TrainingOptions, None],
        "random_state": ["random_state"],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
    }

    def plot_history(self, *, metric: str = "loss", ax: Any = None) -> TrainingHistoryDisplay:
        """Draw the learning curve.

        Parameters
        ----------
        metric : {"loss", "accuracy", "r2"}, default="loss"
            Values to draw: accuracy if y holds one class a row, R2 if it holds numbers.

        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            The curves.
        """
        return TrainingHistoryDisplay.from_estimator(self, metric=metric, ax=ax)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "network_")  # a fit that was interrupted leaves other attributes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _learn_target(self, y, sample_weight):
        """Learn the form of y, and return it as a TargetEncoding."""

    @abstractmethod
    def _recall_target(self, y, *, is_whole):
        """Return y as a KnownTarget, in the form that an earlier call learned.

        With `is_whole`, y must hold all classes, as in `fit`.
        """

    def _fit(self, X, y, sample_weight, class_weight=None):
        """Train for all epochs on all rows but those that are held out; return the target."""
        options = self._get_options()
        continues = self.warm_start and self.__sklearn_is_fitted__()
        learn = None if continues else self._learn_target
        inputs, scaler, target, weights = self._prepare(X, y, sample_weight, class_weight, learn)
        seed = self._draw_seed()
        n_rows = len(target.values)
        held_out = validation_rows(self.validation_fraction, n_rows, seed, strata=target.strata)
        reporter = EpochReporter(self, n_runs=1, n_epochs=self.epochs)
        with reporter.fit(X, y), reporter.run(type(self).__name__, FINAL) as on_epoch:
            network, history = train(
                self._start(target, seed, continues),
                TrainingData(inputs, target.values, normalize_weights(weights, held_out), held_out),
                self._config(target, seed, options),
                callbacks=check_callbacks(options.callbacks),
                on_epoch=on_epoch,
            )
        vars(self).pop("_state", None)  # of earlier calls of partial_fit
        self._keep(network, scaler, target, history, continues)
        return target

    def _partial_fit(self, X, y, sample_weight, learn_target, class_weight=None):
        """Train for one epoch, on all rows, from where the last call ended; return the target."""
        options = self._get_options()
        continues = self.__sklearn_is_fitted__()
        learn = None if continues else learn_target
        inputs, scaler, target, weights = self._prepare(
            X, y, sample_weight, class_weight, learn, is_whole=False
        )
        seed = self._draw_seed()
        state = dict(vars(self).get("_state", {}))
        config = self._config(target, seed, options)
        network, history = train(
            self._start(target, seed, continues),
            TrainingData(inputs, target.values, weights),
            replace(config, epochs=1, lr_schedule="constant", warmup_epochs=0),
            callbacks=check_callbacks(options.callbacks),
            state=state,
        )
        self._state = state
        self._keep(network, scaler, target, history, continues)
        return target

    def _prepare(self, X, y, sample_weight, class_weight, learn_target, is_whole=True):
        """Check the arguments of a fit, and scale its rows.

        Parameters
        ----------
        learn_target : callable or None
            Learns the form of y from y and the weights. None continues from the last call, with
            its target and its scaler.

        is_whole : bool, default=True
            Whether y must hold all classes of the last call.

        Returns
        -------
        inputs : ArrayInput
            The scaled rows.

        scaler : StandardScaler or None
            What scaled them.

        target : TargetEncoding or KnownTarget
            The form of y.

        weights : ndarray of shape (n_rows,) or None
            The weights of the rows in the loss.
        """
        continues = learn_target is None
        X, sample_weight = self._checked_rows(X, y, sample_weight, continues)
        if continues:
            target = self._recall_target(y, is_whole=is_whole)
        else:
            target = learn_target(y, sample_weight)
        weights = combine_weights(target, class_weight, sample_weight)
        scaler = self.scaler_ if continues else self._learn_scaler(X, weights)
        inputs = ArrayInput(_scaled(scaler, X).astype(np.float32))
        return inputs, scaler, target, weights

    def _checked_rows(self, X, y, sample_weight, continues):
        """Check the arguments of a fit; return rows as a dense array, and their weights."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        X = validate_data(
            self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=not continues
        )
        check_consistent_length(X, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
            if (sample_weight < 0).any():
                raise ValueError("sample_weight holds negative numbers; weights must be 0 or more.")
        return _as_dense(X), sample_weight

    def _draw_seed(self):
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _learn_scaler(self, X, weights):
        if not self.standardize:
            return None
        # Always arrays inside, with any global setting of scikit-learn.
        return StandardScaler().set_output(transform="default").fit(X, sample_weight=weights)

    def _start(self, target, seed, continues):
        """Return the network to train: a new one, or with the weights of the last call."""
        blank = self._blank(target, seed)
        if not continues:
            return blank
        shapes, trained = ([w.shape for w in n.weights] for n in (blank, self.network_))
        if shapes != trained:
            raise ValueError(
                "This call continues with the network of the last one, but `hidden` or "
                "`batch_norm` were changed since. Set them back, or call fit with "
                "warm_start=False to start again."
            )
        return blank.replace(weights=self.network_.weights)

    def _keep(self, network, scaler, target, history, continues):
        """Set what is fitted."""
        history = pd.DataFrame(history).drop(columns="stage")
        if continues:
            history["epoch"] += len(self.history_)
            history = pd.concat([self.history_, history], ignore_index=True)
        self.network_, self.scaler_, self.history_ = network, scaler, history
        self.n_outputs_ = target.n_outputs

    def _blank(self, target, seed):
        """Build a network before training."""
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

    def _config(self, target, seed, options):
        rate = self.learning_rate
        if rate is None:
            rate = default_learning_rate(self.optimizer, self.n_features_in_)
        return TrainingConfig(
            target.loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=float(rate),
            lr_schedule=options.lr_schedule,
            warmup_epochs=options.warmup_epochs,
            early_stopping=bool(self.early_stopping),
            n_iter_no_change=self.n_iter_no_change,
            average_epochs=options.average_epochs,
            seed=seed,
        )

    def _outputs(self, X):
        """Compute the output layer, of shape (n_rows, n_outputs)."""
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


def _scaled(scaler, X):
    return X if scaler is None else scaler.transform(X)


def _as_dense(X):
    return X.toarray() if issparse(X) else X


def has_partial_fit(head):
    """Return True, or raise AttributeError if `partial_fit` is not available."""
    if head.early_stopping:
        raise AttributeError(
            "partial_fit trains for one epoch and does not support early_stopping=True. Pass "
            "early_stopping=False."
        )
    return True
