"""Trainer: a compiled Keras model that many training runs take turns with."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

import numpy as np

from skfusion._utils.process_local import ProcessLocal
from skfusion.networks._split import split_model
from skfusion.networks.runtimes._keras import building, import_keras, jit_compile
from skfusion.networks.runtimes._tracing import outputs_of, tracing_is_due
from skfusion.training._losses import row_losses

_IDLE_LIMIT = 4


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
        network.config,
        plan.loss,
        plan.optimizer,
        plan.batch_size,
        stage.first,
    )
    idle = _IDLE.get()
    trainer = idle.pop(key)
    if trainer is None:
        with building(plan.seed):
            trainer = Trainer(network, plan, stage)
    trainer.reset(network.weights, plan.seed)
    yield trainer
    # Not reached after an error or an interrupt: such a trainer is dropped.
    idle.put(key, trainer)


class _IdleTrainers:
    """The last few trainers that are not in use.

    A trainer holds compiled functions. Folds and candidates of one architecture share it, one after
    the other: compiling it again costs seconds and, in TensorFlow, memory that is never freed.
    """

    def __init__(self):
        self._trainers = OrderedDict()
        self._lock = threading.Lock()

    def pop(self, key):
        """Remove and return the trainer of a key, or None."""
        with self._lock:
            return self._trainers.pop(key, None)

    def put(self, key, trainer):
        """Add a trainer; the oldest one is dropped if there are too many."""
        with self._lock:
            self._trainers[key] = trainer
            while len(self._trainers) > _IDLE_LIMIT:
                self._trainers.popitem(last=False)


_IDLE = ProcessLocal(_IdleTrainers)
