"""Trainer: a compiled Keras model that many training runs share in turn."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from skfusion.networks._adapters import add_adapters, reset_adapters
from skfusion.networks._split import split_model
from skfusion.networks.runtimes._keras import import_keras, jit_compile
from skfusion.networks.runtimes._tracing import (
    allow_retracing,
    predict_batch,
)
from skfusion.training._epoch_means import EpochMeans, r2_score
from skfusion.training._losses import keras_row_losses


@dataclass(frozen=True)
class _LossForm:
    """The computation of a loss in training.

    Attributes
    ----------
    metric : str or None
        What Keras measures beside it, weighted by rows. R2 is made of the squared error.

    keras_class : str or None
        The class of Keras that computes it from logits. The output layer gives these in training,
        and probabilities only afterwards: from a probability of exactly 0 or 1, Keras has no
        gradient, except on TensorFlow. None is for a loss of numbers.

    probabilities : callable or None
        Turns logits into probabilities.
    """

    metric: str | None
    keras_class: str | None = None
    probabilities: Callable[..., Any] | None = None


_FORMS = {
    "sparse_categorical_crossentropy": _LossForm(
        "accuracy", "SparseCategoricalCrossentropy", partial(softmax, axis=1)
    ),
    "binary_crossentropy": _LossForm(None, "BinaryCrossentropy", expit),
    "mean_squared_error": _LossForm("mean_squared_error"),
    "huber": _LossForm("mean_squared_error"),
}


class Trainer:
    """A compiled Keras model that can start again from any weights.

    Parameters
    ----------
    network : Network
        The architecture.

    config : TrainingConfig
        Loss, optimizer and batch size.

    stage : Stage
        Which layers are trained.

    Attributes
    ----------
    bottom : keras.Model or None
        The frozen part below the layers that are trained.

    upper : keras.Model
        The part that is trained. For classes and labels, its outputs are logits.
    """

    def __init__(self, network, config, stage):
        keras = import_keras()
        self.loss, self._form = config.loss, _FORMS[config.loss]
        self.batch_size = config.batch_size
        self.model = network.to_model()
        if self._form.probabilities is not None:
            self.model.layers[-1].activation = keras.activations.linear
        self.bottom, self.upper = split_model(self.model, stage.first, network.top)
        self._weights = list(self.model.weights)
        self._adapters = []
        if stage.lora_rank is not None:
            self._adapters = add_adapters(self.model, network.top, stage.lora_rank)
        if self.bottom is not None:
            self.bottom.jit_compile = jit_compile()
        self.upper.compile(
            optimizer=keras.optimizers.get(config.optimizer),
            loss=self._keras_loss(),
            weighted_metrics=[] if self._form.metric is None else [self._form.metric],
            jit_compile=jit_compile(),
        )
        self.optimizer = self.upper.optimizer
        self.optimizer.build(self.upper.trainable_variables)
        self._optimizer_start = [keras.ops.convert_to_numpy(v) for v in self.optimizer.variables]

    def reset(self, weights, seed):
        """Start again from these weights, without the state of earlier trainings."""
        for variable, value in zip(self._weights, weights, strict=True):
            variable.assign(value)
        reset_adapters(self._adapters, seed)
        pairs = zip(self.optimizer.variables, self._optimizer_start, strict=True)
        for variable, start in pairs:
            variable.assign(start)
        for i, variable in enumerate(self._seeds()):
            variable.assign(np.array([seed % 2**31, i], dtype=np.uint32))
        self.upper.stop_training = False

    def get_weights(self):
        """Return the weights of the network, with those of adapters added to them."""
        convert = import_keras().ops.convert_to_numpy
        adapted = {id(layer._kernel): convert(layer.kernel) for layer in self._adapters}
        return [adapted.get(id(each), each.numpy()) for each in self._weights]

    def get_state(self):
        """Return the state of the optimizer and of dropout's random numbers."""
        convert = import_keras().ops.convert_to_numpy
        return {
            "optimizer": [convert(variable) for variable in self.optimizer.variables],
            "seeds": [convert(variable) for variable in self._seeds()],
        }

    def set_state(self, state):
        """Continue from what `get_state` returned; another optimizer starts again."""
        for variables, values in [
            (self.optimizer.variables, state["optimizer"]),
            (self._seeds(), state["seeds"]),
        ]:
            if [tuple(v.shape) for v in variables] == [np.shape(value) for value in values]:
                for variable, value in zip(variables, values, strict=True):
                    variable.assign(value)

    def _seeds(self):
        """Return the variables that random layers draw their numbers from."""
        return [v for v in self.model.variables if v.path.endswith("seed_generator_state")]

    def compute_frozen(self, inputs):
        """Compute the inputs of the trained part from those of the network."""
        if self.bottom is None:
            return inputs
        return predict_batch(self.bottom, inputs)

    def epoch(self, batches, rates):
        """Train on each batch ``(inputs, targets, weights)`` with its learning rate.

        Returns
        -------
        values : dict
            The mean loss over the epoch's rows, and beside it the accuracy for classes or R2 for
            numbers.
        """
        means = EpochMeans()
        for (inputs, targets, weight), rate in zip(batches, rates, strict=True):
            self.optimizer.learning_rate = rate
            with allow_retracing():
                self.upper.reset_metrics()  # Keras 3.12 goes on counting from batch to batch
                values = self.upper.train_on_batch(
                    inputs, targets, sample_weight=weight, return_dict=True
                )
            means.add(values, targets, weight)
        return means.result()

    def validate(self, batches):
        """Compute the loss, and accuracy or R2, on rows that take no part in training."""
        outputs, targets, weights = [], [], []
        for inputs, some_targets, weight in batches:
            outputs.append(predict_batch(self.upper, inputs))
            targets.append(some_targets)
            weights.append(np.ones(len(some_targets)) if weight is None else weight)
        outputs, targets, weights = map(np.concatenate, (outputs, targets, weights))
        if self._form.probabilities is not None:
            outputs = self._form.probabilities(outputs)
        if not weights.any():  # all rows with a weight are in training
            weights = None
        losses = keras_row_losses(self.loss, outputs, targets)
        values = {"val_loss": float(np.average(losses, weights=weights))}
        if self._form.metric == "accuracy":
            right = outputs.argmax(axis=1) == targets
            values["val_accuracy"] = float(np.average(right, weights=weights))
        elif self._form.metric == "mean_squared_error":
            errors = np.average(
                keras_row_losses("mean_squared_error", outputs, targets), weights=weights
            )
            values["val_r2"] = r2_score(errors, targets.reshape(outputs.shape), weights)
        return values

    def _keras_loss(self):
        """Return the loss in Keras, from logits where the output layer gives them."""
        if self._form.keras_class is None:
            return self.loss
        return getattr(import_keras().losses, self._form.keras_class)(from_logits=True)
