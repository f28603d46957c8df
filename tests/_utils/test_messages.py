"""Parts of messages: names, remedies, and the line that a warning names."""

import pickle
import warnings

import numpy as np
import pytest

from skfusion import ImageReadError, PixelFlattener
from skfusion._utils.messages import join_names, reword_remedies, with_remedies
from skfusion.exceptions import UnreadableImageWarning


@pytest.mark.parametrize(
    ("n_items", "text"),
    [(0, ""), (1, "0"), (5, "0; 1; 2; 3; 4"), (6, "0; 1; 2; 3; 4; and 1 more")],
)
def test_names(n_items, text):
    assert join_names(str(i) for i in range(n_items)) == text


def test_remedies_are_replaced_by_name():
    error = with_remedies(ValueError, "Too small.", {"root": "Pass a root.", "size": "Pass 3."})
    assert str(error) == "Too small. Pass a root. Pass 3."
    assert reword_remedies({}, error) == str(error)
    assert reword_remedies({"size": "Add --size 3."}, error) == (
        "Too small. Pass a root. Add --size 3."
    )
    assert reword_remedies({"size": "Add --size 3."}, ValueError("No remedy.")) == "No remedy."


@pytest.mark.parametrize("kind", [ValueError, FileNotFoundError, ImageReadError])
def test_remedies_survive_pickling(kind):
    error = pickle.loads(pickle.dumps(with_remedies(kind, "No.", {"size": "Pass size=3."})))
    assert type(error) is kind
    assert str(error) == "No. Pass size=3."
    assert reword_remedies({"size": "Add --size 3."}, error) == "No. Add --size 3."


def test_a_warning_names_the_line_of_the_user():
    X = np.array([b"no image", np.zeros((3, 3), dtype=np.uint8)], dtype=object)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        PixelFlattener(corrupt="missing", missing="zero").fit_transform(X)
    (warning,) = [w for w in caught if w.category is UnreadableImageWarning]
    assert warning.filename == __file__
