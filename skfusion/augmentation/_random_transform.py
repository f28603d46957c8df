"""RandomTransform: images turned, moved, sheared, zoomed, mirrored and lit at random."""

from dataclasses import dataclass, fields
from numbers import Real

import numpy as np

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
# scikit-image's names of what the parameter `fill` says in Keras's and SciPy's.
_FILLS = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap", "constant": "constant"}


@dataclass(frozen=True)
class RandomTransform:
    """Change an image at random, within bounds.

    All changes of place are one affine map about the center of the image, with bilinear
    interpolation. Each number is drawn evenly, and anew for each image. What is left at its
    default changes nothing, and the other draws don't depend on it.

    Parameters
    ----------
    rotation : float, default=0.0
        Degrees; the angle is drawn from -rotation to rotation. At most 180.

    shift : float or tuple (vertical, horizontal), default=0.0
        The largest shift, as a fraction of the height and of the width. Below 1.

    shear : float, default=0.0
        The largest horizontal displacement per unit of height: 0.2 leans a vertical line by up
        to 11 degrees. (Keras's old ImageDataGenerator reads its `shear_range` as degrees, where
        0.2 can't be seen.)

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
        What moves in from outside: the pixel at the edge repeated (aaa|abc|ccc), the image
        mirrored (cba|abc|cba), the image again (abc|abc|abc), or `fill_value`.

    fill_value : float, default=0.0
        The value, in 0..255, that "constant" fills with.

    Raises
    ------
    ValueError
        If a parameter is out of range, or no number where one is needed.

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
        # Equal transforms have equal reprs, whichever types the numbers came in: 40, 40.0 or
        # np.float64(40).
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "shift" and not isinstance(value, Real):
                value = tuple(map(float, value))
                value = value[0] if value[0] == value[1] else value
            value = value if isinstance(value, tuple) else type(field.default)(value)
            object.__setattr__(self, field.name, value)

    def check(self):
        """Raise ValueError where a parameter is out of range; the message names it."""
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
        """Give a changed copy of one image.

        Parameters
        ----------
        pixels : ndarray of shape (height, width, channels), uint8 or float32
            An image in 0..255. It stays as it is.

        rng : numpy.random.Generator
            Where the numbers come from. Each call takes equally many.

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
        """What (x, y) is multiplied by, about the image's center, and then moved by."""
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
        # Floats below 0 or above 255 are kept where the image came with them.
        return changed.clip(min(pixels.min(), 0), max(pixels.max(), 255), out=changed)


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _warp(pixels, matrix, moved, fill, fill_value):
    """Map an image about its center, bilinearly; float32 comes back."""
    from skimage.transform import warp  # only who augments pays for the import

    height, width, _ = pixels.shape
    center = np.array([(width - 1) / 2, (height - 1) / 2])
    to_source = np.eye(3)
    to_source[:2, :2] = np.linalg.inv(matrix)
    to_source[:2, 2] = center - to_source[:2, :2] @ (center + moved)
    return warp(
        # In float32 it is a third faster than in the float64 that bytes would become.
        pixels.astype(np.float32),
        to_source,
        order=1,
        mode=_FILLS[fill],
        cval=fill_value,
        clip=False,
        preserve_range=True,
    )


def _to_dtype(pixels, dtype):
    """A new contiguous array of the dtype; floats are rounded for bytes."""
    if dtype == np.uint8 and pixels.dtype != np.uint8:
        pixels = np.rint(pixels)
    return np.array(pixels, dtype=dtype, order="C")


# The changes of a well-known recipe for few photographs.
RECIPE = RandomTransform(rotation=40, shift=0.2, shear=0.2, zoom=0.2, horizontal_flip=True)

# For images in which left isn't right: digits, letters, scans of a body. So it flips nothing.
LIGHT = RandomTransform(rotation=10, shift=0.1, zoom=0.1)
