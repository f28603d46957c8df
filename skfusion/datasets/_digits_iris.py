"""load_digits_iris: a small real data set with an image and numbers a row."""

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits, load_iris
from sklearn.utils import Bunch, check_random_state

_SIZE = (28, 28)


def load_digits_iris(
    *,
    digits: tuple[int, int, int] = (1, 8, 9),
    columns: str = "sepal",
    random_state: int | np.random.RandomState | None = 0,
) -> Bunch:
    """Pair 150 handwritten digits of three classes with the 150 iris rows of three classes.

    Each row has an image of a digit, the measures of a flower, and one class that both depend on:
    class 0 is the first of `digits` and setosa, and so on.

    Parameters
    ----------
    digits : tuple of three int, default=(1, 8, 9)
        The digits of the three classes. The default ones are easily confused.

    columns : {"sepal", "all"}, default="sepal"
        The iris columns: "sepal" for the two that hardly separate versicolor and virginica, so
        that neither source is enough alone; "all" for the four.

    random_state : int or RandomState instance, default=0
        Decides the digits that are drawn and the order of the rows.

    Returns
    -------
    data : Bunch
        ``frame``: DataFrame of 150 rows; column "digit" holds uint8 arrays of shape (28, 28), the
        others floats, in cm. ``target``: ndarray of int. ``target_names``: list of str.
        ``image_columns``: list of str.

    Notes
    -----
    Digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits" (UCI,
    doi:10.24432/C50P49), 8 x 8 pixels of 17 levels, here enlarged to 28 x 28 of 256. Iris: R. A.
    Fisher, doi:10.1111/j.1469-1809.1936.tb02137.x. Both come with scikit-learn.

    Examples
    --------
    >>> from skfusion.datasets import load_digits_iris
    >>> data = load_digits_iris()
    >>> list(data.frame.columns)
    ['digit', 'sepal length (cm)', 'sepal width (cm)']
    >>> data.frame["digit"][0].shape
    (28, 28)
    """
    if len(digits) != 3 or len({*digits} & {*range(10)}) != 3 or columns not in ("sepal", "all"):
        raise ValueError(
            "digits must be three different digits and columns 'sepal' or 'all', got "
            f"digits={digits!r} and columns={columns!r}."
        )
    rng = check_random_state(random_state)
    iris = load_iris(as_frame=True)
    images, written = load_digits(return_X_y=True)
    chosen = np.concatenate([rng.permutation(np.flatnonzero(written == d))[:50] for d in digits])
    order = rng.permutation(150)
    frame = iris.data.iloc[:, : 2 if columns == "sepal" else 4].iloc[order]
    cells = pd.Series([_enlarge(images[row]) for row in chosen[order]], dtype=object)
    frame = frame.reset_index(drop=True)
    frame.insert(0, "digit", cells)
    return Bunch(
        frame=frame,
        target=iris.target.to_numpy()[order],
        target_names=[
            f"{digit} and {name}" for digit, name in zip(digits, iris.target_names, strict=True)
        ],
        image_columns=["digit"],
    )


def _enlarge(pixels):
    """Return 8 x 8 values of 0 to 16 as 28 x 28 of 0 to 255."""
    image = Image.fromarray(np.rint(pixels.reshape(8, 8) * (255 / 16)).astype(np.uint8))
    return np.asarray(image.resize(_SIZE, Image.Resampling.BICUBIC))
