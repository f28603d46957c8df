"""What is used of scikit-image; imported when the first image is measured, not before.

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
