"""Trainer: a compiled Keras model that many training runs take turns with."""

import os
import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any

import numpy as np

from skfusion.networks._split import split_model
from skfusion.networks.runtimes._keras import building, import_keras, jit_compile
from skfusion.networks.runtimes._tracing import outputs_of, tracing_is_due
from skfusion.training._losses import row_losses

# A live trainer holds compiled functions. Folds and candidates that share an architecture take
# turns with it: compiling anew costs seconds and, in TensorFlow, memory that never comes back.
_IDLE: OrderedDict[Any, Any] = OrderedDict()
_IDLE_LIMIT = 4
_IDLE_LOCK = threading.Lock()


class Trainer:
    """A compiled Keras model that can start again from any weights.

    Parameters
    ----------
    network : Network
        The architecture.

    plan : TrainingConfig
        Loss, optimizer and batch size.

    stage : Stage
        Which layers are trained.

    Attributes
    ----------
    bottom : keras.Model or None
        The part below what is trained.
    """

    def __init__(self, network, plan, stage):
        keras = import_keras()
        self.loss = plan.loss
        self.batch_size = plan.batch_size
        self.model = network.to_model()
        self.bottom, self.upper = split_model(self.model, stage.first, network.top)
        if self.bottom is not None:
            self.bottom.jit_compile = jit_compile()
        self.upper.compile(
            optimizer=keras.optimizers.get(plan.optimizer),
            loss=plan.loss,
            weighted_metrics=["accuracy"] if _has_accuracy(plan.loss) else [],
            jit_compile=jit_compile(),
        )
        self.optimizer = self.upper.optimizer
        self.optimizer.build(self.upper.trainable_variables)
        self._optimizer_start = [keras.ops.convert_to_numpy(v) for v in self.optimizer.variables]

    def reset(self, weights, seed):
        """Forget all former training."""
        self.model.set_weights(weights)
        pairs = zip(self.optimizer.variables, self._optimizer_start, strict=True)
        for variable, start in pairs:
            variable.assign(start)
        seeds = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        for i, variable in enumerate(seeds):
            variable.assign(np.array([seed % 2**31, i], dtype=np.uint32))
        self.upper.stop_training = False

    def below(self, inputs):
        """What the trained part is fed, for prepared inputs."""
        if self.bottom is None:
            return inputs
        return outputs_of(self.bottom, inputs)

    def epoch(self, batches, rates):
        """Train on each batch ``(inputs, targets, weights)`` with its learning rate.

        The mean loss comes back, and the mean accuracy for classes.
        """
        self.upper.reset_metrics()
        for (inputs, targets, weight), rate in zip(batches, rates, strict=True):
            self.optimizer.learning_rate = rate
            with tracing_is_due():
                values = self.upper.train_on_batch(
                    inputs, targets, sample_weight=weight, return_dict=True
                )
        return {name: float(value) for name, value in values.items()}

    def validate(self, batches):
        """Loss, and accuracy for classes, on rows that take no part in training."""
        outputs, targets, weights = [], [], []
        for inputs, some_targets, weight in batches:
            outputs.append(outputs_of(self.upper, inputs))
            targets.append(some_targets)
            weights.append(np.ones(len(some_targets)) if weight is None else weight)
        outputs, targets, weights = map(np.concatenate, (outputs, targets, weights))
        if not weights.any():  # the rows that count are all in training
            weights = None
        losses = row_losses(self.loss, outputs, targets)
        values = {"val_loss": float(np.average(losses, weights=weights))}
        if _has_accuracy(self.loss):
            right = outputs.argmax(axis=1) == targets
            values["val_accuracy"] = float(np.average(right, weights=weights))
        return values


def _has_accuracy(loss):
    return loss == "sparse_categorical_crossentropy"


@contextmanager
def borrow_trainer(network, plan, stage):
    """A trainer of this architecture, for one caller at a time, reset to the network's weights."""
    key = (
        os.getpid(),
        network.config,
        plan.loss,
        plan.optimizer,
        plan.batch_size,
        stage.first,
    )
    with _IDLE_LOCK:
        trainer = _IDLE.pop(key, None)
    if trainer is None:
        with building(plan.seed):
            trainer = Trainer(network, plan, stage)
    trainer.reset(network.weights, plan.seed)
    yield trainer
    # Not reached after an error or an interrupt: such a trainer is dropped.
    with _IDLE_LOCK:
        _IDLE[key] = trainer
        while len(_IDLE) > _IDLE_LIMIT:
            _IDLE.popitem(last=False)


os.register_at_fork(after_in_child=_IDLE.clear)
os.register_at_fork(after_in_child=lambda: globals().update(_IDLE_LOCK=threading.Lock()))
