"""Wavelet bands: coarse, fine, horizontal, vertical and diagonal parts of an image."""

from importlib.util import find_spec

import numpy as np

from skfusion.exceptions import ExtraNotFoundError
from skfusion.features._first_order import moments

_LEVELS = 2
_DETAILS = ["horizontal", "vertical", "diagonal"]
_BANDS = [
    f"l{_LEVELS}_approximation",
    *(f"l{level}_{detail}" for level in range(_LEVELS, 0, -1) for detail in _DETAILS),
]
_STATISTICS = ["mean", "std", "skewness", "kurtosis", "mean_absolute_deviation"]


def check_wavelet(name):
    """Raise an error if PyWavelets is not installed or has no wavelet of this name."""
    if find_spec("pywt") is None:
        raise ExtraNotFoundError(
            "The descriptors 'wavelet' need PyWavelets: pip install \"skfusion[wavelet]\"."
        )
    import pywt

    if name not in pywt.wavelist(kind="discrete"):
        raise ValueError(
            f"wavelet={name!r} is not a discrete wavelet of PyWavelets, such as 'haar', "
            "'db2', 'coif1' or 'sym4'; pywt.wavelist(kind='discrete') gives all."
        )


def wavelet_names(options):
    """Return the names of the statistics of the bands, from coarse to fine."""
    return [f"{band}_{statistic}" for band in _BANDS for statistic in _STATISTICS]


def measure_wavelet(image):
    """Measure statistics of each band in the region."""
    values = []
    for band in _bands(image.gray.astype(np.float64), image.options.wavelet):
        inside = image.in_region(band)
        of_band = moments(inside)
        values += [*of_band, np.abs(inside - of_band[0]).mean()]
    return np.array(values)


def _bands(gray, name):
    """Compute the bands of the undecimated transform, each in the shape of the image."""
    import pywt

    wavelet = pywt.Wavelet(name)
    height, width = gray.shape
    # The transform is periodic; mirrored borders keep the other side out of the image.
    reach = (wavelet.dec_len - 1) * (2**_LEVELS - 1)
    margins = [(reach, reach + -(side + 2 * reach) % 2**_LEVELS) for side in gray.shape]
    padded = np.pad(gray, margins, mode="symmetric")
    approximation, *details = pywt.swt2(
        padded, wavelet, level=_LEVELS, trim_approx=True, norm=wavelet.orthogonal
    )
    bands = [approximation, *(band for level in details for band in level)]
    return [band[reach : reach + height, reach : reach + width] for band in bands]
