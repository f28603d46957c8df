"""ValueRange: which values of an image are black and white."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.images._array_values import is_unit

# The ranges that images usually have, besides 0..1 and -1..1: 8, 12 and 16 bits.
_TOPS = (255.0, 4095.0, 65535.0)
_USUAL = {(0.0, 1.0), (-1.0, 1.0), (-128.0, 127.0), *((0.0, top) for top in _TOPS)}
# Resampling goes a little beyond the range, in few pixels. The largest values distinguish 8 bits
# from 12, so that fewer pixels may do so there.
_OVERSHOOT = 0.25
_OVERSHOOT_SHARE = 0.02
_UNIT_OVERSHOOT_SHARE = 0.1
# An image in -1..1 has values well below 0.
_SIGNED = -0.5
# Parts of the width of a range by which values may lie outside. They are clipped. The ends of a
# range that is the smallest and the largest value of some images are less certain.
_MARGIN = 0.25
_WIDE_MARGIN = 1.0
# From this width on, an image of fractions up to 1 has another scale: it would be black. Unless
# more than a tenth of the images of fit are so dark that it may be one of them.
_WIDE = 255.0
_DARK, _DARK_SHARE = 16.0, 0.1
# Integers up to here are exact in float32.
_EXACT = 1 << 24


@plain_data
@dataclass(frozen=True)
class ValueRange:
    """The values that become black (0) and white (255).

    Parameters
    ----------
    low : float
        The value of black.

    high : float
        The value of white; larger than `low`.

    origin : {"reader", "values", "type"}, default="values"
        The source of the range: the parameter of the reader; the values of the images; or the
        type of the images, where all have a type with a range of its own.

    allows_fractions : bool, default=False
        Whether images of fractions up to 1 are dark, rather than of another scale, where the range
        is wide.

    See Also
    --------
    ImageReader : Its notes define how a range is found.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._value_range import ValueRange
    >>> ValueRange(-1, 1).to_pixels(np.array([-1.0, 0.0, 1.1]))
    array([  0. , 127.5, 255. ], dtype=float32)
    """

    low: float
    high: float
    origin: str = "values"
    allows_fractions: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """tuple (low, high) : Both ends, as plain floats."""
        return float(self.low), float(self.high)

    def to_pixels(self, array):
        """Map values to 0..255.

        Parameters
        ----------
        array : ndarray
            Finite numbers.

        Returns
        -------
        pixels : ndarray of uint8 or float32
            Of the same shape; uint8 where all values are whole and black and white are 0 and 255.

        Raises
        ------
        ValueError
            If the values have another scale.
        """
        low, high = float(array.min()), float(array.max())
        self._refuse_another_scale(array, low, high)
        if self.ends == (0.0, 255.0):
            return _as_bytes(array, low, high)
        return scale_values(array, self.low, self.high)

    def to_values(self, pixels):
        """Map pixels in 0..255 back to values, as floats."""
        wide = pixels.astype(np.float64)
        return wide * ((self.high - self.low) / 255) + self.low

    def _refuse_another_scale(self, array, low, high):
        width = self.high - self.low
        usual = self.origin != "values" or self.ends in _USUAL
        margin = width * (_MARGIN if usual else _WIDE_MARGIN)
        if low < self.low - margin or high > self.high + margin:
            raise ValueError(
                f"its values, {low:.6g} to {high:.6g}, have another scale than "
                f"{self.low:.6g} to {self.high:.6g}, {self._where_from()}. Rescale it, or pass "
                "reader=ImageReader(value_range=(low, high))"
            )
        allowed = self.origin == "reader" or self.allows_fractions or width < _WIDE
        if not allowed and is_unit(array, low, high):
            raise ValueError(
                f"its values are fractions, {low:.6g} to {high:.6g}, another scale than "
                f"{self.low:.6g} to {self.high:.6g}, {self._where_from()}. Rescale it, or pass "
                f"reader=ImageReader(value_range=({self.low:.6g}, {self.high:.6g})) if it is dark"
            )

    def _where_from(self):
        return {
            "reader": "the value_range of the reader",
            "values": "the range found in the images of fit",
            "type": "the range of the type of all images in fit",
        }[self.origin]


def scale_values(array, low, high):
    """Map low..high to 0..255, as float32; clip the rest."""
    ends = float(array.min()), float(array.max())
    exact = max(map(abs, (*ends, low, high))) <= _EXACT
    values = array.astype(np.float32 if exact else np.float64)
    number, width = values.dtype.type, high - low
    values -= number(low)
    if width < _WIDE:  # the quotient of both is whole or nearly so: multiply or divide by it
        values *= number(255 / width)
    else:
        values /= number(width / 255)
    return np.clip(values, 0, 255, out=values).astype(np.float32, copy=False)


def _as_bytes(array, low, high):
    """Return values in 0..255 as bytes where they are whole."""
    if low < 0:
        array = np.maximum(array, 0)
    if high > 255:
        array = np.minimum(array, 255)
    if array.dtype.kind != "f" or (array == np.floor(array)).all():
        return array.astype(np.uint8, copy=False)
    return array.astype(np.float32, copy=False)


def as_value_range(value_range):
    """Return a ValueRange, from one or from a tuple (low, high); None stays None."""
    if value_range is None or isinstance(value_range, ValueRange):
        return value_range
    check_value_range(value_range)
    return ValueRange(float(value_range[0]), float(value_range[1]), "reader")


def check_value_range(value_range):
    """Refuse values that the declared types allow: other than two numbers in rising order."""
    if value_range is None:
        return
    numbers = len(value_range) == 2 and all(
        isinstance(value, Real) and not isinstance(value, bool) for value in value_range
    )
    if not numbers or not np.isfinite(value_range).all() or value_range[0] >= value_range[1]:
        raise ValueError(
            f"value_range must be two finite numbers (low, high) with low < high, "
            f"got {value_range!r}"
        )


def range_of_type(dtype):
    """Return the ValueRange of booleans and unsigned integers."""
    high = 1.0 if dtype.kind == "b" else float(np.iinfo(dtype).max)
    return ValueRange(0.0, high, "type")


def find_value_range(images):
    """Find the range that images of floats or signed integers have in common.

    Parameters
    ----------
    images : list of ArrayValues
        What is known of the values of each.

    Returns
    -------
    value_range : ValueRange or None
        None where the values do not show a range: all are 0.
    """
    units = [one for one in images if one.is_unit]
    others = [one for one in images if not one.is_unit and not one.is_binary]
    if len(units) > len(others):
        return _unit_range(units)
    if others:
        return _wide_range(others)
    if any(one.is_float and one.high > 0 for one in images):
        return ValueRange(0.0, 1.0)
    return ValueRange(0.0, 255.0) if any(one.high > 0 for one in images) else None


def _unit_range(images):
    """Return 0..1, -1..1, or the ends of the values where they go beyond these too often."""
    low, high = min(one.low for one in images), max(one.high for one in images)
    if low < _SIGNED:
        return ValueRange(-1.0, 1.0)
    shares = _share(images, "n_below_0"), _share(images, "n_above_1")
    if max(shares) <= _UNIT_OVERSHOOT_SHARE:
        return ValueRange(0.0, 1.0)
    return ValueRange(min(low, 0.0), max(high, 1.0))


def _wide_range(images):
    """Return a range of 8, 12 or 16 bits, or the ends of the values."""
    low, high = min(one.low for one in images), max(one.high for one in images)
    if low < 0 and all(one.is_int8 for one in images):
        return ValueRange(-128.0, 127.0)
    are_dark = sum(one.high < _DARK for one in images) > _DARK_SHARE * len(images)
    few_below = _share(images, "n_below_0") <= _OVERSHOOT_SHARE
    for top, count in zip(_TOPS, ("n_above_255", "n_above_4095", "n_above_65535"), strict=True):
        # Values below 0 are overshoot only where the others reach up to the top.
        fills = top == _TOPS[0] or 2 * high >= top
        above_0 = low >= 0 or (few_below and fills and low >= -_OVERSHOOT * top)
        few_above = high <= (1 + _OVERSHOOT) * top and _share(images, count) <= _OVERSHOOT_SHARE
        if high >= 2 and above_0 and (high <= top or few_above):
            return ValueRange(0.0, top, allows_fractions=are_dark)
    low = min(low, 0.0)
    return ValueRange(low, high if high > low else low + 1.0, allows_fractions=are_dark)


def _share(images, count):
    """Return the share of all pixels that an attribute of ArrayValues counts."""
    return sum(getattr(one, count) for one in images) / sum(one.size for one in images)
