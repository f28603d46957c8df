"""RandomTransform: random rotation, shift, shear, zoom, flips, brightness and contrast."""

from dataclasses import dataclass, fields
from numbers import Real

import numpy as np

from skfusion._utils.plain_data import plain_data

_FRACTION = ("from 0 to below 1", lambda value: 0 <= value < 1)
_BOUNDS = {
    "rotation": ("from 0 to 180", lambda value: 0 <= value <= 180),
    "shift": _FRACTION,
    "shear": ("of at least 0", lambda value: 0 <= value < np.inf),
    "zoom": _FRACTION,
    "brightness": _FRACTION,
    "contrast": _FRACTION,
    "fill_value": ("from 0 to 255", lambda value: 0 <= value <= 255),
}
# The names that scikit-image has for values of `fill`, which are those of Keras and SciPy.
_FILLS = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap", "constant": "constant"}


@plain_data
@dataclass(frozen=True)
class RandomTransform:
    """Change an image at random, within bounds.

    Rotation, shift, shear and zoom are one affine map about the center of the image, with bilinear
    interpolation. Each number is drawn from a uniform distribution, again for each image. A
    parameter at its default has no effect on the image or on the other draws.

    Parameters
    ----------
    rotation : float, default=0.0
        Degrees; the angle is drawn from -rotation to rotation. At most 180.

    shift : float or tuple (vertical, horizontal), default=0.0
        The largest shift, as a fraction of the height and of the width. Below 1.

    shear : float, default=0.0
        The largest horizontal displacement per unit of height: 0.2 tilts a vertical line by up
        to 11 degrees. (`shear_range` of ImageDataGenerator in older versions of Keras is in
        degrees, so that 0.2 is not visible there.)

    zoom : float, default=0.0
        The factor, the same for both axes, is drawn from 1 - zoom to 1 + zoom; above 1 enlarges.
        Below 1.

    horizontal_flip : bool, default=False
        Whether to exchange left and right in half of the draws.

    vertical_flip : bool, default=False
        Whether to exchange top and bottom in half of the draws.

    brightness : float, default=0.0
        Pixels are multiplied by a factor from 1 - brightness to 1 + brightness. Below 1.

    contrast : float, default=0.0
        Distances from the image's mean are multiplied by a factor from 1 - contrast to
        1 + contrast. Below 1.

    fill : {"nearest", "reflect", "wrap", "constant"}, default="nearest"
        How pixels outside the image are filled: with the pixel at the edge (aaa|abc|ccc), the
        mirrored image (cba|abc|cba), the repeated image (abc|abc|abc), or `fill_value`.

    fill_value : float, default=0.0
        The value, in 0..255, for ``fill="constant"``.

    Raises
    ------
    ValueError
        If a parameter is out of range, or not a number.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.augmentation._random_transform import RandomTransform
    >>> image = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    >>> mirror = RandomTransform(horizontal_flip=True)
    >>> mirror(image, np.random.default_rng(0))[..., 0]
    array([[0, 1, 2],
           [3, 4, 5]], dtype=uint8)
    >>> mirror(image, np.random.default_rng(1))[..., 0]
    array([[2, 1, 0],
           [5, 4, 3]], dtype=uint8)
    """

    rotation: float = 0.0
    shift: float | tuple[float, float] = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    brightness: float = 0.0
    contrast: float = 0.0
    fill: str = "nearest"
    fill_value: float = 0.0

    def __post_init__(self):
        self.check()
        # Equal transforms have equal reprs, whatever the types of the numbers: 40, 40.0 or
        # np.float64(40).
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "shift" and not isinstance(value, Real):
                value = tuple(map(float, value))
                value = value[0] if value[0] == value[1] else value
            value = value if isinstance(value, tuple) else type(field.default)(value)
            object.__setattr__(self, field.name, value)

    def check(self):
        """Raise a ValueError that names a parameter that is out of range."""
        for name, (bound, holds) in _BOUNDS.items():
            value = getattr(self, name)
            numbers, pair = [value], ""
            if name == "shift":
                pair = " or a pair (vertical, horizontal) of such"
                if isinstance(value, (tuple, list, np.ndarray)) and len(value) == 2:
                    numbers = value
            if not all(_is_number(number) and holds(number) for number in numbers):
                raise ValueError(f"{name} must be a number {bound}{pair}; got {value!r}")
        for name in ("horizontal_flip", "vertical_flip"):
            value = getattr(self, name)
            if not isinstance(value, (bool, np.bool_)):
                raise ValueError(f"{name} must be True or False; got {value!r}")
        if not isinstance(self.fill, str) or self.fill not in _FILLS:
            raise ValueError(f"fill must be one of {list(_FILLS)}; got {self.fill!r}")

    def __call__(self, pixels, rng):
        """Return a changed copy of one image.

        Parameters
        ----------
        pixels : ndarray of shape (height, width, channels), uint8 or float32
            An image in 0..255. It is not changed.

        rng : numpy.random.Generator
            The source of random numbers. Each call draws the same number of them.

        Returns
        -------
        pixels : ndarray of shape (height, width, channels)
            Of the same dtype.
        """
        if pixels.ndim != 3 or pixels.dtype not in (np.uint8, np.float32):
            raise ValueError(
                "one image of shape (height, width, channels) and dtype uint8 or float32 is "
                f"expected; got shape {pixels.shape} and dtype {pixels.dtype}"
            )
        draws = rng.random(9)
        changed = pixels
        if self.horizontal_flip and draws[5] < 0.5:
            changed = changed[:, ::-1]
        if self.vertical_flip and draws[6] < 0.5:
            changed = changed[::-1]
        if self.rotation or self.shift or self.shear or self.zoom:
            matrix, moved = self._draw_map(2 * draws[:5] - 1, pixels.shape)
            changed = _warp(changed, matrix, moved, self.fill, self.fill_value)
        if self.brightness or self.contrast:
            changed = self._relight(changed, 2 * draws[7:] - 1, pixels)
        return _to_dtype(changed, pixels.dtype)

    def _draw_map(self, draws, shape):
        """Draw the matrix that (x, y) is multiplied by, about the center, and the shift."""
        down, right = np.broadcast_to(self.shift, 2) * draws[:2] * shape[:2]
        angle = np.deg2rad(self.rotation * draws[2])
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        lean = np.array([[1.0, self.shear * draws[3]], [0.0, 1.0]])
        return (1 + self.zoom * draws[4]) * (turn @ lean), (right, down)

    def _relight(self, changed, draws, pixels):
        brightness, contrast = 1 + np.float32((self.brightness, self.contrast)) * np.float32(draws)
        changed = changed.astype(np.float32) * brightness
        mean = changed.mean()
        changed = (changed - mean) * contrast + mean
        # Floats with a wider range than 0..255 keep their range.
        return changed.clip(min(pixels.min(), 0), max(pixels.max(), 255), out=changed)


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _warp(pixels, matrix, moved, fill, fill_value):
    """Apply an affine map about the center of an image, with bilinear interpolation."""
    from skimage.transform import warp  # slow to import, and needed here only

    height, width, _ = pixels.shape
    center = np.array([(width - 1) / 2, (height - 1) / 2])
    to_source = np.eye(3)
    to_source[:2, :2] = np.linalg.inv(matrix)
    to_source[:2, 2] = center - to_source[:2, :2] @ (center + moved)
    return warp(
        # float32 is a third faster than the float64 to which bytes would be converted.
        pixels.astype(np.float32),
        to_source,
        order=1,
        mode=_FILLS[fill],
        cval=fill_value,
        clip=False,
        preserve_range=True,
    )


def _to_dtype(pixels, dtype):
    """Return a new contiguous array of the dtype; round floats for bytes."""
    if dtype == np.uint8 and pixels.dtype != np.uint8:
        pixels = np.rint(pixels)
    return np.array(pixels, dtype=dtype, order="C")


# The changes of a common recipe for small sets of photographs.
RECIPE = RandomTransform(rotation=40, shift=0.2, shear=0.2, zoom=0.2, horizontal_flip=True)

# For images that must not be flipped, such as digits, letters or scans of a body.
LIGHT = RandomTransform(rotation=10, shift=0.1, zoom=0.1)
