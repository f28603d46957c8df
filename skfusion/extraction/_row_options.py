"""RowOptions: what the features of a row are, where it has several images or none."""

from dataclasses import dataclass

import numpy as np

from skfusion._utils.plain_data import plain_data


@plain_data
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

    def join(self, blocks, missing):
        """Join the features of all columns and, with `add_indicator`, their indicators.

        Parameters
        ----------
        blocks : list of ndarray of shape (n_rows, width)
            The features, one array per image column.

        missing : list of ndarray of bool of shape (n_rows,)
            Which rows have no image, one array per image column.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features)
            May be the only block itself.
        """
        if self.add_indicator:
            blocks = blocks + [rows[:, np.newaxis].astype(np.float32) for rows in missing]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)

    def names(self, columns, labels):
        """Return the names of the columns that `join` returns.

        Parameters
        ----------
        columns : list of str
            The names of the image columns.

        labels : list of list of str
            The feature names of each, without its own name.
        """
        names = [f"{c}_{label}" for c, some in zip(columns, labels, strict=True) for label in some]
        return names + [f"{c}_missing" for c in columns if self.add_indicator]
