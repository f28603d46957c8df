"""ImagePreprocessing: how pixel values become the inputs of a network."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ImagePreprocessing:
    """Scale and shift pixel values to the range that a network was trained on.

    Each value becomes ``(pixel * scale - mean) / std``. It is plain data, so that a saved network
    is preprocessed in the same way wherever it is loaded, without Keras.

    Parameters
    ----------
    scale : float, default=1/255
        The factor for pixel values, which are in 0..255.

    mean : float or tuple of float, default=0.0
        The value to subtract after scaling: one for all channels, or one for each.

    std : float or tuple of float, default=1.0
        The value to divide by: one for all channels, or one for each.

    channels : {"rgb", "bgr"}, default="rgb"
        The order of channels that the network expects. Images are RGB; "bgr" reverses the
        channels first, so that `mean` and `std` are in the order blue, green, red.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.networks._image_preprocessing import ImagePreprocessing
    >>> pixels = np.array([[[[0, 255]]]], dtype="uint8")
    >>> ImagePreprocessing(mean=0.5, std=0.5).apply(pixels)
    array([[[[-1.,  1.]]]], dtype=float32)
    """

    scale: float = 1 / 255
    mean: float | tuple[Any, ...] = 0.0
    std: float | tuple[Any, ...] = 1.0
    channels: str = "rgb"

    def __post_init__(self):
        for name in ("mean", "std"):
            if isinstance(getattr(self, name), list):  # as JSON gives it back
                object.__setattr__(self, name, tuple(getattr(self, name)))

    def apply(self, pixels):
        """Preprocess pixels.

        Parameters
        ----------
        pixels : array-like of shape (n, height, width, channels)
            Values in 0..255. The array isn't changed.

        Returns
        -------
        inputs : ndarray of float32, shape (n, height, width, channels)
            The inputs of the network.
        """
        if self.channels == "bgr":
            pixels = np.asarray(pixels)[..., ::-1]
        inputs = np.array(pixels, dtype=np.float32, order="C")
        if self.scale != 1:
            inputs *= np.float32(self.scale)
        if self.mean != 0:
            inputs -= np.asarray(self.mean, dtype=np.float32)
        if self.std != 1:
            inputs /= np.asarray(self.std, dtype=np.float32)
        return inputs


# Divides by 255.
UNIT_SCALE = ImagePreprocessing()
# For networks that take pixel values in 0..255 as they are.
NO_PREPROCESSING = ImagePreprocessing(scale=1.0)
