"""One training run: a Network and images in, a trained Network and its history out."""

import numpy as np

from skfusion.networks.runtimes._keras import import_keras
from skfusion.training._trainer import borrow_trainer

# Outputs of the frozen part are kept in memory up to this size.
_KEPT_BYTES = 2**30


def train(
    network,
    pixels,
    targets,
    plan,
    *,
    places=None,
    fine_tune=None,
    sample_weight=None,
    held_out=None,
    augmentation=None,
    callbacks=(),
    on_epoch=None,
    frozen=None,
):
    """Train a network from the weights that it has.

    Parameters
    ----------
    network : Network
        With its output layer. It stays as it is.

    pixels : ndarray of shape (n_images, height, width, channels)
        Images in 0..255.

    targets : ndarray of shape (n,) or (n, n_outputs)
        Class numbers or values.

    plan : TrainingConfig
        How to train.

    places : ndarray of int of shape (n,), default=None
        The image of each row; None where each row has one of its own, in order.

    fine_tune : tuple (top, first) or None, default=None
        Where the layers below the layer `top` were trained before: the first of them that is
        trained further, or None. None trains the whole network from the start.

    sample_weight : ndarray of shape (n,), default=None
        Weights of the rows.

    held_out : ndarray of int, default=None
        Rows that are kept for validation. With patience, the weights of the best epoch are
        the result.

    augmentation : callable, default=None
        ``augmentation(pixels, rng)`` changes a batch of training images.

    callbacks : sequence of keras.callbacks.Callback, default=()
        Called as in Keras's own `fit`, once around each stage.

    on_epoch : callable, default=None
        Called as ``on_epoch(epoch, values)`` after each epoch; a true answer stops.

    frozen : dict, default=None
        Where the outputs of frozen layers are kept for further runs on the same images.

    Returns
    -------
    network : Network
        The same architecture, trained.

    history : list of dict
        For each epoch its stage, number, losses, accuracies for classes, and learning rate.
    """
    n_rows = len(targets)
    held_out = np.array([], dtype=int) if held_out is None else held_out
    data = _Data(
        pixels,
        targets,
        np.arange(n_rows) if places is None else places,
        sample_weight,
        np.setdiff1d(np.arange(n_rows), held_out),
        held_out,
    )
    history = []
    for stage in plan.stages(*(fine_tune or (None, None))):
        with borrow_trainer(network, plan, stage) as trainer:
            run = _StageRun(trainer, network, plan, stage, data, augmentation, frozen)
            weights, stopped = run.train(history, callbacks, on_epoch)
        network = network.replace(weights=weights)
        if stopped:
            break
    return network, history


class _Data:
    """The rows of a training run."""

    def __init__(self, pixels, targets, places, weights, training, held_out):
        self.pixels = pixels
        self.targets = targets
        self.places = places
        self.weights = weights
        self.training = training
        self.held_out = held_out


class _StageRun:
    """One stage of a training run."""

    def __init__(self, trainer, network, plan, stage, data, augmentation, frozen):
        self.trainer = trainer
        self.network = network
        self.plan = plan
        self.stage = stage
        self.data = data
        self.augmentation = augmentation if stage.augments else None
        self.rng = np.random.default_rng(plan.seed)
        self.fixed = self._fixed_inputs({} if frozen is None else frozen)

    def train(self, history, callbacks, on_epoch):
        """Train until the last epoch or until the loss falls no more.

        Returns
        -------
        weights : list of ndarray
            Those of the best epoch, or of the last where training never stops early.

        stopped : bool
            Whether somebody asked to stop the whole training.
        """
        trainer, plan, data = self.trainer, self.plan, self.data
        steps = -(-len(data.training) // plan.batch_size)
        rate = plan.learning_rate_of(self.stage, steps)
        told = _callback_list(callbacks, trainer.upper, plan.epochs, steps)
        best, best_epoch, best_weights, stopped = np.inf, 0, None, False
        told.on_train_begin()
        for epoch in range(plan.epochs):
            told.on_epoch_begin(epoch)
            order = self.rng.permutation(data.training)
            rates = [rate.at(epoch * steps + step) for step in range(steps)]
            values = trainer.epoch(self._batches(order, training=True), rates)
            if len(data.held_out):
                values |= trainer.validate(self._batches(data.held_out))
            self._refuse_nan(values, epoch, rates[-1])
            values["learning_rate"] = rates[-1]
            history.append({"stage": self.stage.name, "epoch": epoch, **values})
            told.on_epoch_end(epoch, dict(values))
            watched = values.get("val_loss", values["loss"])
            rate.after_epoch(watched)
            if watched < best:
                best, best_epoch = watched, epoch
                best_weights = trainer.model.get_weights() if plan.patience else None
            stopped = on_epoch is not None and on_epoch(epoch, values)
            waited = plan.patience and epoch - best_epoch >= plan.patience
            if stopped or waited or trainer.upper.stop_training:
                break
        told.on_train_end()
        return best_weights or trainer.model.get_weights(), stopped

    def _batches(self, rows, training=False):
        """Inputs, targets and weights of the rows, batch by batch."""
        size, weights = self.plan.batch_size, self.data.weights
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            inputs = self._inputs(self.data.places[some], training)
            yield inputs, self.data.targets[some], None if weights is None else weights[some]

    def _inputs(self, places, training):
        if self.fixed is not None:
            return self.fixed[places]
        images = self.data.pixels[places]
        if training and self.augmentation is not None:
            images = self.augmentation(images, self.rng)
        return self.trainer.below(self.network.prepare(images))

    def _fixed_inputs(self, frozen):
        """What the frozen part gives for each image; None where that can't be kept."""
        bottom, pixels = self.trainer.bottom, self.data.pixels
        if bottom is None or self.augmentation is not None:
            return None
        shape = (len(pixels), *bottom.outputs[0].shape[1:])
        if 4 * np.prod(shape, dtype=float) > _KEPT_BYTES:
            return None
        if self.stage.first not in frozen:
            kept = np.empty(shape, dtype=np.float32)
            for start in range(0, len(pixels), self.plan.batch_size):
                some = slice(start, start + self.plan.batch_size)
                kept[some] = self.trainer.below(self.network.prepare(pixels[some]))
            frozen[self.stage.first] = kept
        return frozen[self.stage.first]

    def _refuse_nan(self, values, epoch, rate):
        if not np.isfinite(values["loss"]):
            raise FloatingPointError(
                f"The training loss became {values['loss']} in epoch {epoch} with learning_rate="
                f"{rate:g} and optimizer={self.plan.optimizer!r}. Pass a smaller "
                f"{'fine_tune_' if self.stage.name == 'fine-tune' else ''}learning_rate."
            )


def _callback_list(callbacks, model, epochs, steps):
    """Keras's own list, which tells each of the callbacks."""
    keras = import_keras()
    return keras.callbacks.CallbackList(
        list(callbacks), model=model, epochs=epochs, steps=steps, verbose=0
    )
