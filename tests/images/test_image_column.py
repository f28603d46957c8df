from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.images._image_column import ImageColumn
from skfusion.images.sources._find_source import describe, is_missing

ARRAY = np.zeros((3, 4), dtype=np.uint8)


# Missing.


@pytest.mark.parametrize(
    "cell",
    [
        None,
        float("nan"),
        np.nan,
        np.float32("nan"),
        np.float64("nan"),
        pd.NaT,
        pd.NA,
        np.datetime64("NaT"),
        np.timedelta64("NaT"),
        Decimal("NaN"),
        "",
        np.str_(""),
    ],
    ids=repr,
)
def test_missing(cell):
    assert is_missing(cell) is True


@pytest.mark.parametrize(
    "cell",
    [
        "a.png",
        " ",
        "nan",
        b"",
        b"\x89PNG",
        bytearray(b"a"),
        Path("a.png"),
        ARRAY,
        np.full((2, 2), np.nan),
        np.empty((0, 0)),
        Image.new("L", (1, 1)),
        0,
        1.5,
        False,
        Decimal(1),
        Decimal("sNaN"),  # can't even be compared
        [],
        ["a.png"],
        object(),
        pd.Series([1, 2]),
    ],
    ids=lambda cell: f"{type(cell).__name__} {cell!r:.12}",
)
def test_not_missing(cell):
    assert is_missing(cell) is False


def test_missing_rows_of_a_column():
    column = ImageColumn("scan", ["a.png", None, "b.png", np.nan, ""])
    assert column.missing.tolist() == [False, True, False, True, True]
    assert column.group.tolist() == [0, -1, 1, -1, -1]
    assert column.first.tolist() == [0, 2]
    assert len(column) == 5


def test_missing_rows_can_be_given():
    missing = np.array([False, True, False])
    column = ImageColumn("scan", np.arange(3)[:, np.newaxis, np.newaxis], missing)
    assert column.group.tolist() == [0, -1, 1]


def test_all_are_missing():
    column = ImageColumn("scan", [None, None])
    assert column.first.tolist() == []
    assert column.group.tolist() == [-1, -1]


# Duplicates.


def groups(cells):
    column = ImageColumn("scan", cells)
    assert [column.group[row] for row in column.first] == list(range(len(column.first)))
    return column.group.tolist()


def test_equal_paths_are_one_image():
    assert groups(["a.png", "b.png", "a.png", None, "b.png"]) == [0, 1, 0, -1, 1]


def test_a_path_is_the_same_in_any_type():
    assert groups(["a.png", Path("a.png"), np.str_("a.png")]) == [0, 0, 0]


def test_equal_bytes_are_one_image():
    assert groups([b"one", bytes([111, 110, 101]), b"two"]) == [0, 0, 1]


def test_bytes_are_no_path():
    assert groups(["one", b"one"]) == [0, 1]


def test_equal_arrays_are_one_image():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    other = image[::-1].copy()
    assert groups([image, other, image.copy(), image]) == [0, 1, 0, 0]


def test_arrays_that_are_views_are_compared_by_their_values():
    image = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    assert groups([image[:, ::2], image[:, ::2].copy(), image[:, 1::2]]) == [0, 0, 1]


def test_arrays_that_differ_in_one_pixel_are_two_images():
    """Wherever that pixel is, and whatever part of an array is looked at first."""
    image = np.zeros((16, 16), dtype=np.uint8)
    cells = [image]
    for place in range(image.size):
        other = image.copy()
        other.flat[place] = 1
        cells.append(other)
    assert groups(cells) == list(range(len(cells)))


def test_arrays_with_the_same_bytes_in_another_shape_or_type_are_two_images():
    cells = [np.zeros((4, 6), dtype=np.uint8), np.zeros((6, 4), dtype=np.uint8)]
    cells += [np.zeros((4, 6), dtype=np.int8), np.zeros((4, 6, 1), dtype=np.uint8)]
    assert groups(cells) == [0, 1, 2, 3]


def test_rows_of_an_array():
    X = np.zeros((4, 5, 5), dtype=np.float32)
    X[1] = 1
    X[3, 4, 4] = 1
    assert groups(X) == [0, 1, 0, 2]


def test_images_are_compared_by_identity():
    image = Image.new("L", (2, 2))
    assert groups([image, image.copy(), image]) == [0, 1, 0]


def test_the_empty_column():
    assert groups([]) == []


# Descriptions.


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("folder/a.png", "folder/a.png"),
        (Path("folder") / "a.png", str(Path("folder") / "a.png")),
        (b"12345", "5 bytes"),
        (bytearray(b"123"), "3 bytes"),
        (memoryview(b"1234"), "4 bytes"),
        (ARRAY, "array of shape (3, 4) and dtype uint8"),
        (Image.new("RGB", (4, 3)), "PIL image of mode RGB, 4 x 3"),
        (2.5, "float 2.5"),
        (None, "NoneType None"),
    ],
)
def test_describe(cell, text):
    assert describe(cell) == text


def test_describe_is_short():
    assert len(describe(list(range(1000)))) < 80


def test_describe_is_one_line():
    assert describe((np.arange(4).reshape(2, 2),)) == "tuple (array([[0, 1], [2, 3]]),)"
