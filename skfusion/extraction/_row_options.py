"""RowOptions: what the features of a row are, where it has several images or none."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RowOptions:
    """Options of how the features of images become the features of rows.

    Parameters
    ----------
    combine : {"mean", "max"} or None, default=None
        How the features of several images of a row are combined.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        The features of rows without an image.

    add_indicator : bool, default=False
        Whether a column per image column marks the rows without an image.
    """

    combine: str | None = None
    missing: str = "error"
    add_indicator: bool = False

    def fill_value(self, mean):
        """Return the features of rows without an image, given the mean features of fit."""
        if self.missing == "mean":
            return mean
        return np.nan if self.missing == "nan" else 0.0
