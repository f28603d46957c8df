"""find_image_columns: which columns hold images."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.images._find_columns import find_image_columns
from tests.encoded_images import encoded


@pytest.mark.parametrize(
    "cell",
    [
        "front/18.JPG",
        "scan.nii.gz",
        Path("anything"),
        encoded(Image.new("L", (2, 2))),
        Image.new("L", (2, 2)),
        np.zeros((2, 2)),
        np.zeros((2, 2, 3), dtype=np.uint8),
        ["a.png", None, "b.png"],
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_images(cell):
    assert find_image_columns([["a", "b"], [None, "", cell]]) == [1]
    assert find_image_columns([pd.Series([None, np.nan, cell], dtype=object)]) == [0]


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2.5, True],
        np.array([1.5, np.nan]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        [pd.Timestamp("2020-01-01")],
        ["f", "m"],
        pd.Series(["f", "m"], dtype="category"),
        [b"hash", b"more"],
        ["a.png", "no image"],
        ["https://example.org/a.png", "https://example.org/b.png"],
        [None, np.nan],
        [[], []],
        [np.zeros(3)],
        [np.zeros((2, 2), dtype="U1")],
        [],
    ],
    ids=repr,
)
def test_other_cells(cells):
    assert find_image_columns([cells]) == []


def test_most_cells_decide():
    assert find_image_columns([["a.png", "b.png", "see a.png and others"]]) == [0]
    assert find_image_columns([["a.png", "none", "none"]]) == []
    assert find_image_columns([["a.png"] * 50 + ["none"] * 100]) == [0]
