"""DescriptorExtractor: the measured values of images as features."""

import numpy as np

from skfusion.extraction._extractor import Extractor

_LARGEST = np.finfo(np.float32).max


class DescriptorExtractor(Extractor):
    """Return the values that `Measuring` measured.

    Parameters
    ----------
    measuring : Measuring
        Measures each image.
    """

    def __init__(self, measuring):
        super().__init__(measuring.names, measuring, fingerprint="ImageDescriptors")

    def compute(self, batch):
        """Compute the features of a batch: its values, clipped to what float32 holds."""
        return batch.clip(-_LARGEST, _LARGEST).astype(np.float32)
