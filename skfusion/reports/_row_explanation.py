"""RowExplanation and ShownImage: one row of a report, with its images."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass
class ShownImage:
    """An image of an explained row.

    Parameters
    ----------
    column : str
        The column of the image.

    source : str
        A few words by which it is found again: its path, or its type and size.

    image : str or None, default=None
        A small copy as a ``data:`` address; None where there is no image.

    regions : str or None, default=None
        The small copy with the regions for (orange) and against (blue), as a ``data:`` address.

    size : tuple (height, width) or None, default=None
        The size of the original, in pixels.

    strongest : float or None, default=None
        The strongest effect of a region, in the unit of the prediction.

    scale : float or None, default=None
        The effect that has the full color: the strongest one of all images of the row.

    note : str, default=""
        Why there is no image, or which of several is shown.
    """

    column: str
    source: str
    image: str | None = None
    regions: str | None = None
    size: tuple[int, int] | None = None
    strongest: float | None = None
    scale: float | None = None
    note: str = ""


@dataclass
class RowExplanation:
    """The explanation of the prediction of one row.

    Parameters
    ----------
    row : int
        The position of the row.

    reason : str
        Why the row was chosen.

    y : object or None
        The target, where there is one.

    predicted : object
        What `predict` returns, out-of-fold where scores are.

    output : str
        What is explained, in words: "probability of 'sick'", or "prediction".

    prediction : float
        The probability, or the number, out-of-fold where scores are.

    base_value : float
        The mean prediction for the background rows.

    sources : Series
        How much the table and each column of images moved the prediction away from
        `base_value`.

    table : Series
        The share of the table by column, the largest first.

    images : list of ShownImage
        One for each column of images.
    """

    row: int
    reason: str
    y: Any
    predicted: Any
    output: str
    prediction: float
    base_value: float
    sources: "pd.Series[Any]"
    table: "pd.Series[Any]"
    images: list[ShownImage] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict; `images` holds its images as dicts."""
        values = dict(vars(self))
        values["sources"], values["table"] = self.sources.to_dict(), self.table.to_dict()
        values["images"] = [dict(vars(image)) for image in self.images]
        return values


def strongest_effect(regions: np.ndarray) -> float:
    """Return the largest absolute value of regions; 0 where all are 0 or not known."""
    finite = np.abs(regions[np.isfinite(regions)])
    return float(finite.max()) if finite.size else 0.0
