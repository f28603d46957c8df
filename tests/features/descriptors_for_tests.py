"""Known images, and one family of descriptors measured on them."""

import numpy as np
from scipy import ndimage

from skfusion import ImageDescriptors


def measure(family, image, **options):
    """Name -> value of one image at its own size."""
    descriptors = ImageDescriptors(family, **{"image_size": None, **options})
    values = descriptors.fit_transform([image])[0].astype(np.float64)
    names = descriptors.get_feature_names_out()
    prefix = f"x0_{family}_"
    assert all(name.startswith(prefix) for name in names)
    return {name.removeprefix(prefix): value for name, value in zip(names, values, strict=True)}


def noise(shape, seed=0, high=256):
    return np.random.default_rng(seed).integers(0, high, shape).astype(np.uint8)


def smooth(shape, seed=0):
    """An image with broad blobs over all gray levels."""
    values = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return np.rint((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)


def blob(shape=(40, 50), offset=(0, 0)):
    """An object without symmetry, bright on black, of 6 + 12 + 3 pixels."""
    image = np.zeros(shape, dtype=np.uint8)
    row, column = 10 + offset[0], 12 + offset[1]
    image[row : row + 2, column : column + 3] = 200
    image[row + 2 : row + 6, column + 1 : column + 4] = 200
    image[row + 6, column + 3 : column + 6] = 200
    return image


def half(shape):
    """Return a mask of the right half of an image."""
    mask = np.zeros(shape, dtype=bool)
    mask[:, shape[1] // 2 :] = True
    return mask


def hist(values, prefix):
    return np.array([value for name, value in values.items() if name.startswith(prefix)])
