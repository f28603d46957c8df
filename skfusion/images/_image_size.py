"""Image sizes as users write them."""

import numpy as np


def check_size_param(size, name="image_size"):
    """Return (height, width) as a tuple of two positive ints; one number is a square."""
    values = tuple(np.ravel(size).tolist())
    if np.ndim(size) == 0:
        values *= 2
    if len(values) != 2 or not all(type(value) is int and value > 0 for value in values):
        raise ValueError(
            f"{name} must be two positive integers (height, width), or one for a square, got "
            f"{size!r}"
        )
    return values
