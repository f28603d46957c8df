"""TrainingConfig: how a network is trained, as plain data."""

from dataclasses import dataclass

from skfusion.training._learning_rate_schedule import LearningRateSchedule
from skfusion.training._stage import FINE_TUNE, TOP, WHOLE, Stage


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of the training of a network.

    Parameters
    ----------
    loss : {"sparse_categorical_crossentropy", "binary_crossentropy", "mean_squared_error", \
            "huber"}
        A Keras loss.

    epochs : int
        Maximum number of passes over the training rows, in each stage.

    batch_size : int, default=32
        Number of rows in a training step.

    optimizer : str, default="adam"
        The name of a Keras optimizer.

    learning_rate : float, default=1e-3
        Its learning rate.

    fine_tune_learning_rate : float, default=1e-4
        The learning rate of the stage that trains layers with trained weights further.

    lr_schedule : {"constant", "cosine", "plateau"}, default="constant"
        How the learning rate falls.

    warmup_epochs : int, default=0
        Epochs in which the learning rate rises from 0.

    early_stopping : bool, default=False
        Whether to stop when the watched loss no longer falls, and to keep the best weights.

    n_iter_no_change : int, default=10
        Number of epochs without a lower loss after which to stop.

    average_epochs : int, default=1
        The weights that are kept are the mean of those after so many epochs.

    lora_rank : int or None, default=None
        Train adapters of this rank in place of layers with trained weights.

    seed : int, default=0
        Controls shuffling, dropout and augmentation.

    Examples
    --------
    >>> from skfusion.training._training_config import TrainingConfig
    >>> [stage.name for stage in TrainingConfig("mean_squared_error", epochs=5).stages(None, None)]
    ['train']
    """

    loss: str
    epochs: int
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    fine_tune_learning_rate: float = 1e-4
    lr_schedule: str = "constant"
    warmup_epochs: int = 0
    early_stopping: bool = False
    n_iter_no_change: int = 10
    average_epochs: int = 1
    lora_rank: int | None = None
    seed: int = 0

    def stages(self, top, first):
        """Return the stages of a training.

        Parameters
        ----------
        top : str or None
            The first layer of the new top, if the layers below it have trained weights. None
            trains the whole network in one stage.

        first : str or None
            The first of the layers with trained weights that is trained further; None trains none
            of them.
        """
        if top is None:
            return [Stage(WHOLE, None, self.learning_rate, True)]
        stages = [Stage(TOP, top, self.learning_rate, False)]
        if first is not None:
            stages.append(
                Stage(FINE_TUNE, first, self.fine_tune_learning_rate, True, self.lora_rank)
            )
        return stages

    def schedule(self, stage, steps_per_epoch):
        """Return the LearningRateSchedule of a stage."""
        return LearningRateSchedule(
            stage.learning_rate,
            kind=self.lr_schedule,
            warmup_steps=self.warmup_epochs * steps_per_epoch,
            steps=self.epochs * steps_per_epoch,
            patience=max(1, self.n_iter_no_change // 2),
        )
