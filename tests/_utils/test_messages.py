"""Parts of messages: the rows, and the line that a warning names."""

import warnings

import numpy as np
import pytest

from skfusion import ImageReadError, PixelFlattener
from skfusion.exceptions import UnreadableImageWarning


@pytest.mark.parametrize(
    ("n_rows", "text"),
    [
        (1, r"row 0 \(0\.png\): no such file\. Pass"),
        (5, r"row 3 \(3\.png\): no such file; row 4 \(4\.png\): no such file\. Pass"),
        (6, r"row 4 \(4\.png\): no such file; and 1 more\. Pass"),
        (30, r"row 4 \(4\.png\): no such file; and 25 more\. Pass"),
    ],
)
def test_five_rows_are_named(n_rows, text):
    with pytest.raises(ImageReadError, match=text) as caught:
        PixelFlattener().fit([f"{row}.png" for row in range(n_rows)])
    assert str(caught.value).count("no such file") == min(n_rows, 5)


def test_a_warning_names_the_line_of_the_user():
    X = np.array([b"no image", np.zeros((3, 3), dtype=np.uint8)], dtype=object)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        PixelFlattener(corrupt="missing", missing="zero").fit_transform(X)
    (warning,) = [w for w in caught if w.category is UnreadableImageWarning]
    assert warning.filename == __file__
