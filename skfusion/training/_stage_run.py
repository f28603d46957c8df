"""StageRun: the epochs of one stage of a training."""

import numpy as np

from skfusion.networks.runtimes._keras import import_keras
from skfusion.training._early_stopping import EarlyStopping
from skfusion.training._recent_weights import RecentWeights
from skfusion.training._stage import FINE_TUNE

# Outputs of the frozen part are kept in memory up to this size.
_MAX_KEPT_BYTES = 2**30


class StageRun:
    """The epochs of one stage of a training.

    Parameters
    ----------
    trainer : Trainer
        The compiled network.

    data : TrainingData
        The rows.

    config : TrainingConfig
        How to train.

    stage : Stage
        The stage.

    frozen : FrozenOutputs
        Keeps the outputs of the frozen layers.
    """

    def __init__(self, trainer, data, config, stage, frozen):
        self.trainer = trainer
        self.data = data
        self.config = config
        self.stage = stage
        self.rng = np.random.default_rng(config.seed)
        self.fixed = self._fixed_inputs(frozen)

    def train(self, history, callbacks, on_epoch):
        """Train until the last epoch, or until early stopping.

        Parameters
        ----------
        history : list of dict
            Each epoch is appended to it.

        callbacks : sequence of keras.callbacks.Callback
            Keras callbacks.

        on_epoch : callable or None
            Called as ``on_epoch(epoch, values)`` after each epoch.

        Returns
        -------
        weights : list of ndarray
            Those of the best epoch with early stopping, else of the last epoch.

        stopped : bool
            Whether `on_epoch` returned a true value, which stops the whole training.
        """
        config = self.config
        recent = RecentWeights(config.average_epochs, self.trainer.get_weights)
        steps = -(-len(self.data.training) // config.batch_size)
        schedule = config.schedule(self.stage, steps)
        stopping = EarlyStopping(config.early_stopping, config.n_iter_no_change)
        callbacks = self._callback_list(callbacks, steps)
        stopped = False
        callbacks.on_train_begin()
        for epoch in range(config.epochs):
            callbacks.on_epoch_begin(epoch)
            values = self._epoch(epoch, [schedule.at(epoch * steps + i) for i in range(steps)])
            history.append({"stage": self.stage.name, "epoch": epoch, **values})
            callbacks.on_epoch_end(epoch, dict(values))
            watched = values.get("val_loss", values["loss"])
            schedule.update(watched)
            recent.update()
            is_over = stopping.update(watched, recent.mean)
            stopped = on_epoch is not None and on_epoch(epoch, values)
            if stopped or is_over or self.trainer.upper.stop_training:
                break
        callbacks.on_train_end()
        return stopping.weights or recent.mean(), stopped

    def get_state(self):
        """Return the state of the optimizer and of the random numbers."""
        return {**self.trainer.get_state(), "shuffling": self.rng.bit_generator.state}

    def set_state(self, state):
        """Continue from what `get_state` returned."""
        self.trainer.set_state(state)
        self.rng.bit_generator.state = state["shuffling"]

    def _epoch(self, epoch, rates):
        """Train on all rows once, then validate; return losses, metrics and the learning rate."""
        order = self.rng.permutation(self.data.training)
        values = self.trainer.epoch(self._batches(order, rng=self._augmentation_rng()), rates)
        if len(self.data.held_out):
            values |= self.trainer.validate(self._batches(self.data.held_out))
        self._check_loss(values["loss"], epoch, rates[-1])
        return {**values, "learning_rate": rates[-1]}

    def _batches(self, rows, rng=None):
        """Yield inputs, targets and weights of the rows, batch by batch."""
        targets, weights = self.data.targets, self.data.weights
        for start in range(0, len(rows), self.config.batch_size):
            batch = rows[start : start + self.config.batch_size]
            inputs = self._inputs(self.data.inputs.items_of(batch), rng)
            yield inputs, targets[batch], None if weights is None else weights[batch]

    def _inputs(self, items, rng=None):
        if self.fixed is not None:
            return self.fixed[items]
        return self.trainer.compute_frozen(self.data.inputs.take(items, rng))

    def _augmentation_rng(self):
        return self.rng if self.stage.augments else None

    def _fixed_inputs(self, frozen):
        """Return the outputs of the frozen part for each item, None if they cannot be kept."""
        bottom, inputs = self.trainer.bottom, self.data.inputs
        if bottom is None or (self.stage.augments and inputs.is_augmented):
            return None
        shape = (inputs.n_items, *bottom.outputs[0].shape[1:])
        if 4 * np.prod(shape, dtype=float) > _MAX_KEPT_BYTES:
            return None
        return frozen.get(self.stage.first, shape, self._compute_items)

    def _compute_items(self, items):
        """Compute the outputs of the frozen part, batch by batch."""
        starts = range(0, len(items), self.config.batch_size)
        batches = [items[start : start + self.config.batch_size] for start in starts]
        outputs = [self.trainer.compute_frozen(self.data.inputs.take(batch)) for batch in batches]
        return np.concatenate(outputs).astype(np.float32, copy=False)

    def _check_loss(self, loss, epoch, rate):
        if not np.isfinite(loss):
            prefix = "fine_tune_" if self.stage.name == FINE_TUNE else ""
            raise FloatingPointError(
                f"The training loss became {loss} in epoch {epoch} with learning_rate={rate:g} "
                f"and optimizer={self.config.optimizer!r}. Pass a smaller {prefix}learning_rate."
            )

    def _callback_list(self, callbacks, steps):
        return import_keras().callbacks.CallbackList(
            list(callbacks),
            model=self.trainer.upper,
            epochs=self.config.epochs,
            steps=steps,
            verbose=0,
        )
