"""Parts of messages: the rows, and the line that a warning names."""

import re
import warnings

import numpy as np
import pytest

from skfusion import ImageReadError, PixelFlattener
from skfusion.exceptions import UnreadableImageWarning


@pytest.mark.parametrize(
    ("n_rows", "last"),
    [
        (1, "row 0 (0.png): no such file."),
        (5, "row 3 (3.png), row 4 (4.png): no such file."),
        (6, "row 4 (4.png), and 1 more: no such file."),
        (30, "row 4 (4.png), and 25 more: no such file."),
    ],
)
def test_five_rows_are_named_and_the_others_are_counted(n_rows, last):
    with pytest.raises(ImageReadError, match=re.escape(last)) as caught:
        PixelFlattener((4, 4)).fit_transform([f"{row}.png" for row in range(n_rows)])
    assert str(caught.value).count(".png") == min(n_rows, 5)


def test_a_warning_names_the_line_of_the_user():
    X = np.array([b"no image", np.zeros((3, 3), dtype=np.uint8)], dtype=object)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        PixelFlattener(corrupt="missing", missing="zero").fit_transform(X)
    (warning,) = [w for w in caught if w.category is UnreadableImageWarning]
    assert warning.filename == __file__
