"""TrainingConfig: how a network is trained, as plain data."""

from dataclasses import dataclass

from skfusion.training._schedule import LearningRate

# Stage names, as they stand in a history.
WHOLE, TOP, FINE_TUNE = "train", "top", "fine-tune"


@dataclass(frozen=True)
class Stage:
    """A part of a training in which the same layers are trained.

    Parameters
    ----------
    name : str
        What it is called in the history.

    first : str or None
        The first layer that is trained; None trains all of them.

    learning_rate : float
        The highest learning rate.

    augments : bool
        Whether images are augmented.

    Examples
    --------
    >>> from skfusion.training._training_config import Stage
    >>> Stage("top", "gap", learning_rate=1e-3, augments=False).first
    'gap'
    """

    name: str
    first: str | None
    learning_rate: float
    augments: bool


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Parameters
    ----------
    loss : str
        A Keras loss: "sparse_categorical_crossentropy", "binary_crossentropy",
        "mean_squared_error" or "huber".

    epochs : int
        The most passes over the training rows, in each stage.

    batch_size : int
        Rows a step.

    optimizer : str
        A Keras optimizer by name.

    learning_rate : float
        Its learning rate.

    fine_tune_learning_rate : float
        The learning rate when layers that were trained before are trained further.

    schedule : {"constant", "cosine", "plateau"}
        How the learning rate falls.

    warm_up : int
        Epochs in which it rises from 0.

    patience : int or None
        Epochs without a better validation loss after which to stop; None never stops early.

    seed : int
        Where shuffling, dropout and augmentation start.

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
    schedule: str = "constant"
    warm_up: int = 0
    patience: int | None = None
    seed: int = 0

    def stages(self, top, first):
        """The stages of a training.

        Parameters
        ----------
        top : str or None
            The first layer of the new top, where the layers below it were trained before; None
            trains the whole network from the start.

        first : str or None
            The first of those layers that is trained further; None leaves them as they are.
        """
        if top is None:
            return [Stage(WHOLE, None, self.learning_rate, True)]
        stages = [Stage(TOP, top, self.learning_rate, False)]
        if first is not None:
            stages.append(Stage(FINE_TUNE, first, self.fine_tune_learning_rate, True))
        return stages

    def learning_rate_of(self, stage, steps_per_epoch):
        """The LearningRate of a stage."""
        return LearningRate(
            stage.learning_rate,
            schedule=self.schedule,
            warm_up=self.warm_up * steps_per_epoch,
            steps=self.epochs * steps_per_epoch,
            patience=max(1, (self.patience or 10) // 2),
        )
