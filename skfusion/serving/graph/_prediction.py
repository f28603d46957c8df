"""Prediction: what a predictor computes in a graph."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Prediction:
    """The outputs of a predictor.

    Parameters
    ----------
    values : str
        Probabilities or scores of shape (rows, classes), or numbers of shape (rows,) or
        (rows, outputs).

    classes : ndarray or None, default=None
        The classes; None for numbers.

    label : str or None, default=None
        The label of each row, where it isn't the class of the highest value.

    kind : {"probabilities", "scores", "numbers"}, default="probabilities"
        What the values are.

    n_outputs : int or None, default=None
        The number of columns of numbers; None for one without an axis.

    is_multilabel : bool, default=False
        Whether each class is a label of its own.
    """

    values: str
    classes: Any = None
    label: str | None = None
    kind: str = "probabilities"
    n_outputs: int | None = None
    is_multilabel: bool = False
