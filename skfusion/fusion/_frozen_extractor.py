"""FrozenExtractor: what the frozen layers of a joint network compute of images."""

import math

import numpy as np

from skfusion._utils.feature_names import IndexedNames
from skfusion._utils.fingerprint import digest_text
from skfusion.extraction._extractor import Extractor
from skfusion.networks.runtimes._keras_versions import keras_versions


class FrozenExtractor(Extractor):
    """Compute the outputs of a network, flattened.

    Parameters
    ----------
    network : Network
        The frozen layers. The network's digest covers its weights and its preprocessing.

    conversion : Resizing
        Brings the images to the network's input shape.

    batch_size : int
        The number of images that are computed at once.

    cached : bool
        Whether the outputs are kept in a cache.
    """

    def __init__(self, network, conversion, batch_size, cached):
        fingerprint = None
        if cached:
            fingerprint = digest_text("joint", keras_versions(), network.fingerprint)
        names = IndexedNames("frozen", math.prod(network.output_shape))
        super().__init__(names, conversion, fingerprint)
        self.network = network
        self.batch_size = batch_size

    def collate(self, images):
        """Join, round and preprocess images; called in a thread."""
        return self.network.prepare(round_pixels(np.stack(images)))

    def compute(self, batch):
        """Compute the outputs for a preprocessed batch."""
        outputs = self.network.compute(batch, self.batch_size)
        return outputs.reshape(len(outputs), -1)


def round_pixels(pixels):
    """Return pixels in 0..255 as uint8, as joint networks get them."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.rint(pixels.clip(0, 255)).astype(np.uint8)
