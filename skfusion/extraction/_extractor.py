"""Extractor: what turns prepared images into some columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Extractor:
    """One way from images to columns; a transformer has one or several side by side.

    Parameters
    ----------
    width : int
        How many columns it gives.

    prepare : callable
        Brings the prepared images of a batch into the form that `compute` takes; runs in a
        thread.

    compute : callable
        The features of a batch, of shape (n_images, width).

    fingerprint : str or None, default=None
        What changes the answer besides the pixels; features of extractors without one are not
        kept in a store.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.extraction._extractor import Extractor
    >>> flatten = Extractor(4, np.stack, lambda batch: batch.reshape(len(batch), -1))
    >>> flatten.compute(flatten.prepare([np.eye(2)])).shape
    (1, 4)
    """

    width: int
    prepare: Callable[..., Any]
    compute: Callable[..., Any]
    fingerprint: str | None = None
