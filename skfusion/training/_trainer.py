"""Trainer: a compiled Keras model that many training runs share in turn."""

import numpy as np
from scipy.special import expit, softmax

from skfusion.networks._split import split_model
from skfusion.networks.runtimes._keras import import_keras, jit_compile
from skfusion.networks.runtimes._tracing import (
    allow_retracing,
    predict_batch,
)
from skfusion.training._epoch_means import EpochMeans, r2_score
from skfusion.training._losses import keras_row_losses

# What Keras measures beside each loss, weighted by rows. R2 is made of the squared error.
_METRICS = {
    "sparse_categorical_crossentropy": ["accuracy"],
    "mean_squared_error": ["mean_squared_error"],
    "huber": ["mean_squared_error"],
}

# The output layers of these losses give logits in training, and probabilities only afterwards. From
# a probability of exactly 0 or 1, Keras has no gradient, except on TensorFlow.
_PROBABILITIES = {
    "sparse_categorical_crossentropy": lambda logits: softmax(logits, axis=1),
    "binary_crossentropy": expit,
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
        self.loss = config.loss
        self.batch_size = config.batch_size
        self.model = network.to_model()
        if self.loss in _PROBABILITIES:
            self.model.layers[-1].activation = keras.activations.linear
        self.bottom, self.upper = split_model(self.model, stage.first, network.top)
        if self.bottom is not None:
            self.bottom.jit_compile = jit_compile()
        self.upper.compile(
            optimizer=keras.optimizers.get(config.optimizer),
            loss=_keras_loss(config.loss),
            weighted_metrics=_METRICS.get(config.loss, []),
            jit_compile=jit_compile(),
        )
        self.optimizer = self.upper.optimizer
        self.optimizer.build(self.upper.trainable_variables)
        self._optimizer_start = [keras.ops.convert_to_numpy(v) for v in self.optimizer.variables]

    def reset(self, weights, seed):
        """Start again from these weights, without the state of earlier trainings."""
        self.model.set_weights(weights)
        pairs = zip(self.optimizer.variables, self._optimizer_start, strict=True)
        for variable, start in pairs:
            variable.assign(start)
        for i, variable in enumerate(self._seeds()):
            variable.assign(np.array([seed % 2**31, i], dtype=np.uint32))
        self.upper.stop_training = False

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
        if self.loss in _PROBABILITIES:
            outputs = _PROBABILITIES[self.loss](outputs)
        if not weights.any():  # all rows with a weight are in training
            weights = None
        losses = keras_row_losses(self.loss, outputs, targets)
        values = {"val_loss": float(np.average(losses, weights=weights))}
        if "accuracy" in _METRICS.get(self.loss, []):
            right = outputs.argmax(axis=1) == targets
            values["val_accuracy"] = float(np.average(right, weights=weights))
        elif "mean_squared_error" in _METRICS.get(self.loss, []):
            errors = np.average(
                keras_row_losses("mean_squared_error", outputs, targets), weights=weights
            )
            values["val_r2"] = r2_score(errors, targets.reshape(outputs.shape), weights)
        return values


def _keras_loss(loss):
    """Return the loss in Keras, from logits where the output layer gives them."""
    losses = import_keras().losses
    if loss == "sparse_categorical_crossentropy":
        return losses.SparseCategoricalCrossentropy(from_logits=True)
    if loss == "binary_crossentropy":
        return losses.BinaryCrossentropy(from_logits=True)
    return loss
