"""FitConfig and TrainingRows: what the training runs of a fit have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.training._training_config import TrainingConfig


@dataclass(frozen=True)
class FitConfig:
    """The configuration that the networks of one fit share: training and cut.

    Parameters
    ----------
    training : TrainingConfig
        The training.

    cut_layer : str, int or None
        Where networks are cut.

    pooling : str or None
        How feature maps or tokens become a vector.

    flips : {"horizontal", "both"} or None
        The mirror images over which columns are averaged.

    validation_fraction : float
        The share of rows that is kept for validation.

    fine_tune : "auto", "all", str, int or None
        Which layers below the top are trained further; None trains the whole network at once.

    augmentation : Augmentation or None
        What happens to training images.

    callbacks : tuple
        The user's Keras callbacks.
    """

    training: TrainingConfig
    cut_layer: Any
    pooling: str | None
    flips: str | None
    validation_fraction: float
    fine_tune: Any
    augmentation: Any
    callbacks: tuple[Any, ...]

    @property
    def can_be_stored(self):
        """bool : Whether all that a run depends on is plain data; code may do anything."""
        of_data = self.augmentation is None or self.augmentation.key is not None
        return of_data and not self.callbacks


@dataclass(frozen=True)
class TrainingRows:
    """The data of each row that training uses beside its image.

    Parameters
    ----------
    values : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets in the form that the network predicts.

    strata : ndarray of int of shape (n_rows,) or None
        What validation rows are stratified by.

    weights : ndarray of shape (n_rows,) or None
        Weights in the loss.

    groups : ndarray of int of shape (n_rows,) or None
        Rows of one group stay on one side of a split.
    """

    values: np.ndarray
    strata: np.ndarray | None = None
    weights: np.ndarray | None = None
    groups: np.ndarray | None = None

    def of(self, rows):
        """Return the data of some rows."""
        parts = (self.values, self.strata, self.weights, self.groups)
        return TrainingRows(*(None if part is None else part[rows] for part in parts))

    def of_images(self, rows):
        """Return the data of images, given the row of each; a row may have several.

        Parameters
        ----------
        rows : ndarray of int of shape (n_images,)
            The row of each image. The images of a row share its weight, so that each row
            weighs the same however many it has; and they stay on one side of a split.
        """
        some = self.of(rows)
        distinct, back, counts = np.unique(rows, return_inverse=True, return_counts=True)
        if len(distinct) == len(rows):
            return some
        groups = back if some.groups is None else some.groups
        weights = some.weights
        if counts.min() < counts.max():
            share = len(rows) / (
                len(distinct) * counts[back]
            )  # 1 on average: losses keep their size
            weights = share if weights is None else weights * share
        return TrainingRows(some.values, some.strata, weights, groups)

    @property
    def described(self):
        """Tuple : Plain data that identifies all of them, for a fingerprint."""
        parts = (self.values, self.weights, self.groups)
        return tuple(
            None if part is None else (part.dtype.str, part.shape, part.tobytes()) for part in parts
        )
