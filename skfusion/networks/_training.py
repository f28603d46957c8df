"""One training run: a Network and pictures in, a trained Network and its history out."""

import os
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from skfusion.networks._keras import building, import_keras, jit_compile

# A live trainer holds compiled functions. Folds and candidates that share an architecture take
# turns with it: compiling anew costs seconds and, in TensorFlow, memory that never comes back.
_IDLE = OrderedDict()
_IDLE_LIMIT = 2
_IDLE_LOCK = threading.Lock()


@dataclass(frozen=True)
class TrainingPlan:
    """How to train.

    Parameters
    ----------
    loss : str
        A Keras loss: "sparse_categorical_crossentropy" or "mean_squared_error".

    epochs : int
        The most passes over the training rows.

    batch_size : int
        Rows a step.

    optimizer : str
        A Keras optimizer by name.

    learning_rate : float
        Its learning rate.

    patience : int or None
        Epochs without a better validation loss after which to stop; None never stops early.

    seed : int
        Where shuffling and dropout start.

    Examples
    --------
    >>> from skfusion.networks._training import TrainingPlan
    >>> TrainingPlan("mean_squared_error", epochs=5).learning_rate
    0.001
    """

    loss: str
    epochs: int
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    patience: int | None = None
    seed: int = 0


def train(network, pixels, targets, plan, *, sample_weight=None, held_out=None, on_epoch=None):
    """Train a network from the weights that it has.

    Parameters
    ----------
    network : Network
        With its output layer. It stays as it is.

    pixels : ndarray of shape (n, height, width, channels)
        Pictures in 0..255.

    targets : ndarray of shape (n,) or (n, n_outputs)
        Class numbers or values.

    plan : TrainingPlan
        How to train.

    sample_weight : ndarray of shape (n,), default=None
        Weights of the rows.

    held_out : ndarray of int, default=None
        Rows that are kept for validation. With `patience`, the weights of the best epoch are
        the result.

    on_epoch : callable, default=None
        Called as ``on_epoch(epoch, values)`` after each epoch; a true answer stops.

    Returns
    -------
    network : Network
        The same architecture, trained.

    history : list of dict
        For each epoch its number and losses, and accuracies for classes.
    """
    held_out = np.array([], dtype=int) if held_out is None else held_out
    rows = np.setdiff1d(np.arange(len(pixels)), held_out)
    rng = np.random.default_rng(plan.seed)
    history, best, best_weights = [], np.inf, None
    with _lent_trainer(network, plan) as trainer:
        for epoch in range(plan.epochs):
            order = rng.permutation(rows)
            values = trainer.epoch(network, pixels, targets, sample_weight, order)
            if len(held_out):
                values |= trainer.validate(network, pixels, targets, sample_weight, held_out)
            _refuse_nan(values, epoch, plan)
            history.append({"epoch": epoch, **values})
            watched = values.get("val_loss", values["loss"])
            if watched < best:
                best, best_epoch = watched, epoch
                best_weights = trainer.model.get_weights() if plan.patience else None
            stop = on_epoch is not None and on_epoch(epoch, values)
            if stop or (plan.patience and epoch - best_epoch >= plan.patience):
                break
        weights = best_weights or trainer.model.get_weights()
    return network.with_weights(weights), history


def _refuse_nan(values, epoch, plan):
    if not np.isfinite(values["loss"]):
        raise FloatingPointError(
            f"The training loss became {values['loss']} in epoch {epoch} with learning_rate="
            f"{plan.learning_rate} and optimizer={plan.optimizer!r}. Pass a smaller learning_rate."
        )


class _Trainer:
    """A compiled Keras model that can start again from any weights."""

    def __init__(self, network, plan):
        keras = import_keras()
        optimizer = keras.optimizers.get(plan.optimizer)
        optimizer.learning_rate = plan.learning_rate
        self.is_classifier = plan.loss == "sparse_categorical_crossentropy"
        self.batch_size = plan.batch_size
        self.model = network.to_model()
        self.model.compile(
            optimizer=optimizer,
            loss=plan.loss,
            weighted_metrics=["accuracy"] if self.is_classifier else [],
            jit_compile=jit_compile(),
        )
        optimizer.build(self.model.trainable_variables)
        self._optimizer_start = [keras.ops.convert_to_numpy(v) for v in optimizer.variables]

    def reset(self, weights, seed):
        """Forget all former training."""
        self.model.set_weights(weights)
        pairs = zip(self.model.optimizer.variables, self._optimizer_start, strict=True)
        for variable, start in pairs:
            variable.assign(start)
        seeds = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        for i, variable in enumerate(seeds):
            variable.assign(np.array([seed % 2**31, i], dtype=np.uint32))

    def epoch(self, network, pixels, targets, sample_weight, order):
        """One pass over the rows in this order; the mean loss comes back."""
        self.model.reset_metrics()
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            weight = None if sample_weight is None else sample_weight[rows]
            values = self.model.train_on_batch(
                network.prepare(pixels[rows]),
                targets[rows],
                sample_weight=weight,
                return_dict=True,
            )
        return {name: float(value) for name, value in values.items()}

    def validate(self, network, pixels, targets, sample_weight, rows):
        """Loss, and accuracy for classes, on rows that take no part in training."""
        outputs = []
        for start in range(0, len(rows), self.batch_size):
            batch = network.prepare(pixels[rows[start : start + self.batch_size]])
            outputs.append(np.asarray(self.model.predict_on_batch(batch)))
        outputs, targets = np.concatenate(outputs), targets[rows]
        weight = None if sample_weight is None else sample_weight[rows]
        if not self.is_classifier:
            errors = (outputs - targets.reshape(outputs.shape)) ** 2
            return {"val_loss": float(np.average(errors.mean(axis=1), weights=weight))}
        likelihood = np.clip(outputs[np.arange(len(rows)), targets], 1e-7, 1.0)
        right = outputs.argmax(axis=1) == targets
        return {
            "val_loss": float(np.average(-np.log(likelihood), weights=weight)),
            "val_accuracy": float(np.average(right, weights=weight)),
        }


@contextmanager
def _lent_trainer(network, plan):
    """A trainer of this architecture, for one caller at a time, reset to the network's weights."""
    key = (
        os.getpid(),
        network.config,
        plan.loss,
        plan.optimizer,
        plan.learning_rate,
        plan.batch_size,
    )
    with _IDLE_LOCK:
        trainer = _IDLE.pop(key, None)
    if trainer is None:
        with building(plan.seed):
            trainer = _Trainer(network, plan)
    trainer.reset(network.weights, plan.seed)
    yield trainer
    # Not reached after an error or an interrupt: such a trainer is dropped.
    with _IDLE_LOCK:
        _IDLE[key] = trainer
        while len(_IDLE) > _IDLE_LIMIT:
            _IDLE.popitem(last=False)


os.register_at_fork(
    after_in_child=lambda: (_IDLE.clear(), globals().update(_IDLE_LOCK=threading.Lock()))
)
