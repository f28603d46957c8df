"""make_image_table: synthetic images beside a synthetic table."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params
from skfusion.images._image_size import check_size_param


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_classes": [Interval(Integral, 1, None, closed="left")],
        "image_size": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "n_columns": [Interval(Integral, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_image_table(
    n_samples: int = 100,
    *,
    n_classes: int = 2,
    image_size: tuple[int, int] | int = (32, 32),
    n_columns: int = 3,
    noise: float = 0.5,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Make rows of one image and a few numbers, both of which depend on the class.

    The image shows stripes whose direction depends on the class; the numbers are drawn around
    a center of the class. `noise` blurs both.

    Parameters
    ----------
    n_samples : int, default=100
        The number of rows.

    n_classes : int, default=2
        The number of classes, of equal size up to one row.

    image_size : tuple (height, width) or int, default=(32, 32)
        The size of the RGB images, in pixels; one number is a square.

    n_columns : int, default=3
        The number of columns of numbers.

    noise : float, default=0.5
        The deviation of the noise: of the numbers directly, of the pixels in units of the
        stripes' contrast.

    random_state : int, RandomState instance or None, default=None
        Seed of the random numbers; an int gives the same data in each call.

    Returns
    -------
    data : Bunch
        ``frame``: DataFrame; column "image" holds uint8 arrays of shape (height, width, 3), the
        columns "number_0", ... floats. ``target``: ndarray of int. ``image_columns``: list of str.

    Examples
    --------
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(6, random_state=0)
    >>> list(data.frame.columns), data.target
    (['image', 'number_0', 'number_1', 'number_2'], array([0, 1, 0, 1, 0, 1]))
    """
    image_size = check_size_param(image_size)
    rng = check_random_state(random_state)
    target = np.arange(n_samples) % n_classes
    centers = rng.normal(size=(n_classes, n_columns))
    numbers = centers[target] + noise * rng.normal(size=(n_samples, n_columns))
    frame = pd.DataFrame(numbers, columns=[f"number_{i}" for i in range(n_columns)])
    images = [_stripes(label / n_classes, image_size, noise, rng) for label in target]
    frame.insert(0, "image", pd.Series(images, dtype=object))
    return Bunch(frame=frame, target=target, image_columns=["image"])


def _stripes(turn, image_size, noise, rng):
    """Draw stripes at `turn` half turns, shifted at random; each channel has its own noise."""
    rows, columns = np.indices(image_size)
    angle = np.pi * turn
    along = np.cos(angle) * rows + np.sin(angle) * columns
    wave = np.sin(along * (2 * np.pi / 8) + rng.uniform(0, 2 * np.pi))
    values = wave[..., np.newaxis] + noise * rng.normal(size=(*image_size, 3))
    return np.clip(127.5 + 60 * values, 0, 255).astype(np.uint8)
