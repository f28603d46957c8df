"""The functions of scikit-image, which is imported when the first image is measured.

Everything comes through this one module: images are measured in threads, and threads that import
parts of scikit-image in different orders can see half of one.
"""

from skimage.filters import threshold_otsu
from skimage.measure import (
    label,
    moments_central,
    moments_hu,
    moments_normalized,
    perimeter_crofton,
)

__all__ = [
    "label",
    "moments_central",
    "moments_hu",
    "moments_normalized",
    "perimeter_crofton",
    "threshold_otsu",
]
