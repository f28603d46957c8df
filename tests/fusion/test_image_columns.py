import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.fusion._image_columns import find_image_columns


def encoded():
    buffer = io.BytesIO()
    Image.new("L", (2, 2)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "cell",
    [
        "front/18.JPG",
        "scan.nii.gz",
        Path("anything"),
        encoded(),
        Image.new("L", (2, 2)),
        np.zeros((2, 2)),
        np.zeros((2, 2, 3), dtype=np.uint8),
        ["a.png", "b.png"],
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_pictures_are_found(cell):
    frame = pd.DataFrame({"id": ["a", "b", "c"], "photo": pd.Series([None, cell, cell])})
    assert find_image_columns(frame) == ["photo"]


@pytest.mark.parametrize(
    "cells",
    [
        [1.0, 2.0],
        ["f", "m"],
        ["a.png", "no picture"],
        ["https://example.org/a.png", "https://example.org/b.png"],
        [None, None],
        [[], []],
        [np.zeros(3), np.zeros(3)],
        [np.zeros((2, 2), dtype="U1"), np.zeros((2, 2), dtype="U1")],
    ],
)
def test_other_columns_are_left(cells):
    assert find_image_columns(pd.DataFrame({"x": pd.Series(cells)})) == []


def test_order_and_categories():
    frame = pd.DataFrame({"b": ["x.png"], "a": ["y.jpg"], "c": pd.Categorical(["z.jpg"])})
    assert find_image_columns(frame) == ["b", "a"]
