"""PixelExtractor: the pixels of images as features."""

import math

import numpy as np

from skfusion._utils.feature_names import IndexedNames
from skfusion.extraction._extractor import Extractor
from skfusion.features._prepared_image import FLAT

# With scaling="standard" gray 127.5 is an image's mean, and black and white are this many
# standard deviations from it, as in ImageReader's window "zscore".
DEVIATIONS = 3


class PixelExtractor(Extractor):
    """Flatten images to rows of pixel values.

    Parameters
    ----------
    conversion : Resizing
        Brings the images to one shape.

    scaling : {"unit", "standard"} or None
        As in `PixelFlattener`.
    """

    def __init__(self, conversion, scaling):
        super().__init__(IndexedNames("pixel", math.prod(conversion.shape)), conversion)
        self.scaling = scaling

    def compute(self, batch):
        """Compute the rows of a batch of images."""
        return _scaled(batch.reshape(len(batch), -1), self.scaling)


def _scaled(rows, scaling):
    """Scale rows of values in 0..255."""
    if scaling is None:
        return rows
    if scaling == "unit":
        return rows / np.float32(255)
    values = rows.astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    deviation = values.std(axis=1, keepdims=True)
    return np.divide(values, deviation, out=np.zeros_like(values), where=deviation > FLAT)
