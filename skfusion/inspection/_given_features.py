"""GivenFeatures: a cell with features that were computed elsewhere."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class GivenFeatures:
    """Features of one transformer in place of those of an image.

    Parameters
    ----------
    cell : object
        The image, which other transformers compute.

    transformer : ImageTransformer
        The fitted transformer whose features these are.

    features : ndarray of shape (n_features,)
        All features of the row.
    """

    cell: Any
    transformer: Any
    features: np.ndarray
