"""One training run: from a network and data to a trained network and its history."""

from skfusion.training._frozen_outputs import FrozenOutputs
from skfusion.training._stage_run import StageRun
from skfusion.training._trainer_pool import borrow_trainer


def train(
    network,
    data,
    config,
    *,
    fine_tune=None,
    callbacks=(),
    on_epoch=None,
    frozen=None,
    state=None,
):
    """Train a network, starting from its weights.

    Parameters
    ----------
    network : Network
        The network with its output layer. It is not changed.

    data : TrainingData
        The rows: one or several inputs, targets and weights.

    config : TrainingConfig
        How to train.

    fine_tune : tuple (top, first) or None, default=None
        If the layers below the layer `top` have trained weights: the first of them that is
        trained further, or None for none of them. None trains the whole network in one stage.

    callbacks : sequence of keras.callbacks.Callback, default=()
        Called as in Keras's own `fit`, once around each stage.

    on_epoch : callable, default=None
        Called as ``on_epoch(epoch, values)`` after each epoch. If it returns a true value, the
        training stops.

    frozen : FrozenOutputs, default=None
        Keeps the outputs of frozen layers for further runs on the same inputs.

    state : dict, default=None
        Receives the state of the optimizer and of the random numbers. A run continues from the
        state that an earlier run left in it. For trainings of one stage.

    Returns
    -------
    network : Network
        The same architecture, trained. With early stopping it has the weights of the best epoch.

    history : list of dict
        For each epoch its stage, number, losses (means over the epoch's rows, weighted by the
        weights of the rows), accuracies for classes or R2 for numbers, and learning rate.
    """
    frozen = FrozenOutputs() if frozen is None else frozen
    history = []
    for stage in config.stages(*(fine_tune or (None, None))):
        with borrow_trainer(network, config, stage) as trainer:
            run = StageRun(trainer, data, config, stage, frozen)
            if state:
                run.set_state(state)
            weights, stopped = run.train(history, callbacks, on_epoch)
            if state is not None:
                state.update(run.get_state())
        network = network.replace(weights=weights)
        if stopped:
            break
    return network, history
