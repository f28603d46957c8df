"""find_image_columns: which columns hold pictures."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import ImageReader
from skfusion.images._find_columns import find_image_columns

PIXELS = np.zeros((4, 4, 3), np.uint8)


@pytest.fixture
def png(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "1.png")
    return tmp_path / "1.png"


def holds_pictures(cells, **options):
    return find_image_columns([cells], ImageReader(**options)) == [0]


def test_cells_that_are_pictures(png):
    for cell in (png, str(png), png.read_bytes(), Image.fromarray(PIXELS), PIXELS, PIXELS[..., 0]):
        assert holds_pictures([cell])
        assert holds_pictures(pd.Series([None, "", cell], dtype=object))


@pytest.mark.parametrize(
    "cells",
    [
        ["m", "f"],
        [b"hash", b"more"],
        [1, 2.5, True],
        np.array([1.5, np.nan]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        [pd.Timestamp("2020-01-01")],
        [None, np.nan],
        ["nowhere/1.png"],
        [np.zeros(3)],
        [],
    ],
    ids=repr,
)
def test_cells_that_are_none(cells):
    assert not holds_pictures(cells)


def test_paths_start_from_the_root(png):
    assert not holds_pictures(["1.png"])
    assert holds_pictures(["1.png"], root=png.parent)


def test_some_files_may_be_missing(png):
    assert holds_pictures(["nowhere.png"] * 4 + [png])
    assert not holds_pictures(["nowhere.png"] * 5 + [png])  # not looked at any more


def test_a_folder_is_no_picture(tmp_path):
    assert not holds_pictures([str(tmp_path)])
