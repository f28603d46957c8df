"""Image sizes as users write them."""

import numpy as np


def check_size_param(size, name="image_size"):
    """Return (height, width) as a tuple of two positive ints."""
    values = tuple(np.asarray(size).tolist())
    if len(values) != 2 or not all(isinstance(v, int) and v > 0 for v in values):
        raise ValueError(f"{name} must be two positive integers (height, width), got {size!r}")
    return values
