"""Stage: a part of a training in which the same layers are trained."""

from dataclasses import dataclass

# Names of stages in a history.
WHOLE, TOP, FINE_TUNE = "train", "top", "fine-tune"


@dataclass(frozen=True)
class Stage:
    """A part of a training in which the same layers are trained.

    Parameters
    ----------
    name : {"train", "top", "fine-tune"}
        The name of the stage in the history.

    first : str or None
        The first layer that is trained; None trains all of them.

    learning_rate : float
        The highest learning rate.

    augments : bool
        Whether inputs are augmented.

    lora_rank : int or None, default=None
        The rank of adapters, which are trained in place of the layers below the new top.

    Examples
    --------
    >>> from skfusion.training._stage import Stage
    >>> Stage("top", "gap", learning_rate=1e-3, augments=False).first
    'gap'
    """

    name: str
    first: str | None
    learning_rate: float
    augments: bool
    lora_rank: int | None = None
