"""ArrayValues: what the values of an image show of its range."""

from dataclasses import dataclass

import numpy as np

# Values above a bound are counted in images whose largest is at most so many times the bound.
_REACH = 1.25
_BOUNDS = (1.0, 255.0, 4095.0, 65535.0)


@dataclass(frozen=True)
class ArrayValues:
    """Facts on the range of the values of one image of floats or signed integers.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value.

    size : int
        How many values there are.

    is_unit : bool
        Whether the values lie in -1..1, but for a little, and some are fractions.

    is_binary : bool
        Whether all values are 0 or 1.

    is_float, is_int8 : bool
        The type of the image.

    n_below_0 : int
        How many values are below 0.

    n_above_1, n_above_255, n_above_4095, n_above_65535 : int
        How many values are above, where none is far above; else 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._array_values import ArrayValues
    >>> values = ArrayValues.of(np.array([0.0, 0.5, 1.004]))
    >>> values.is_unit, values.n_above_1
    (True, 1)
    """

    low: float
    high: float
    size: int
    is_unit: bool
    is_binary: bool
    is_float: bool
    is_int8: bool
    n_below_0: int
    n_above_1: int
    n_above_255: int
    n_above_4095: int
    n_above_65535: int

    @classmethod
    def of(cls, array):
        """Summarize the values of one image; all of them are finite."""
        low, high = float(array.min()), float(array.max())
        unit = is_unit(array, low, high)
        return cls(
            low,
            high,
            array.size,
            unit,
            not unit and low >= 0 and high <= 1,
            array.dtype.kind == "f",
            array.dtype == np.int8,
            int(np.count_nonzero(array < 0)) if low < 0 else 0,
            *(_count_above(array, high, bound) for bound in _BOUNDS),
        )


def is_unit(array, low, high):
    """Return whether values are those of an image in 0..1 or -1..1, or a little beyond."""
    if array.dtype.kind != "f" or low < -_REACH or high > _REACH:
        return False
    return bool((array != np.floor(array)).any())


def _count_above(array, high, bound):
    if not bound < high <= bound * _REACH:
        return 0
    return int(np.count_nonzero(array > bound))
