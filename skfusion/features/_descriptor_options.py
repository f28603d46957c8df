"""DescriptorOptions: the options that the families of descriptors share."""

from typing import NamedTuple

from skfusion._utils.plain_data import plain_data


@plain_data
class DescriptorOptions(NamedTuple):
    """Options of the measurement; part of the fingerprint of cached features.

    Parameters
    ----------
    channels : int
        Of the images: 1 or 3.

    levels : int
        The number of gray levels of textures.

    gray_range : {"full", "image"}
        What the levels divide.

    distances : tuple of int
        Of co-occurrence, in pixels.

    wavelet : str
        The name of a wavelet.
    """

    channels: int = 1
    levels: int = 32
    gray_range: str = "full"
    distances: tuple[int, ...] = (1, 3)
    wavelet: str = "haar"
