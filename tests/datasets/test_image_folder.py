"""load_image_folder: classes, order, what is left out, groups, and wrong use."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import PixelFlattener
from skfusion.datasets import load_image_folder

PNG = b"\x89PNG\r\n\x1a\n"


def make(folder, *names, content=PNG):
    for name in names:
        file = Path(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


# Classes.


def test_a_class_a_folder(tmp_path):
    data = load_image_folder(make(tmp_path, "b/1.png", "a/2.png", "a/1.jpg"))
    assert data.ids.tolist() == ["a/1.jpg", "a/2.png", "b/1.png"]
    assert data.frame["image"].tolist() == [str(tmp_path / each) for each in data.ids]
    assert data.target.tolist() == [0, 0, 1]
    assert data.target_names == ["a", "b"]
    assert data.image_columns == ["image"]
    assert data.groups is None
    assert data.skipped == {}


def test_flat(tmp_path):
    data = load_image_folder(make(tmp_path, "2.png", "1.png"))
    assert data.ids.tolist() == ["1.png", "2.png"]
    assert data.target is None
    assert data.target_names == []


@pytest.mark.parametrize(
    ("classes", "names", "target"),
    [
        ("first", ["2018", "2019"], [0, 0, 1]),
        ("last", ["ants", "bees"], [0, 1, 0]),
        ("path", ["2018/ants", "2018/bees", "2019/ants"], [0, 1, 2]),
    ],
)
def test_which_folder_is_the_class(tmp_path, classes, names, target):
    make(tmp_path, "2019/ants/1.png", "2018/bees/1.png", "2018/ants/1.png")
    data = load_image_folder(tmp_path, classes=classes)
    assert data.target_names == names
    assert data.target.tolist() == target


def test_folders_that_are_no_classes(tmp_path):
    data = load_image_folder(make(tmp_path, "1.png", "more/2.png"), classes=None)
    assert data.ids.tolist() == ["1.png", "more/2.png"]
    assert data.target is None


def test_a_folder_without_images_is_no_class(tmp_path):
    make(tmp_path, "a/1.png", "c/1.png")
    (tmp_path / "b").mkdir()
    assert load_image_folder(tmp_path).target_names == ["a", "c"]


# Order.


def test_order_does_not_depend_on_the_file_system(tmp_path, monkeypatch):
    make(tmp_path, *(f"{folder}/{i}.png" for folder in "cab" for i in (10, 9, 1)))
    expected = load_image_folder(tmp_path).ids.tolist()
    assert expected == sorted(expected)
    real = os.scandir

    class Reversed(list):
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    monkeypatch.setattr(os, "scandir", lambda path: Reversed(reversed(list(real(path)))))
    assert load_image_folder(tmp_path).ids.tolist() == expected


def test_order_is_by_code_point_and_by_folder(tmp_path):
    make(tmp_path, "a-b/1.png", "a/1.png", "B/1.png", "a/Z.png", "a/\u00e9.png")
    ids = load_image_folder(tmp_path).ids.tolist()
    assert ids == ["B/1.png", "a/1.png", "a/Z.png", "a/\u00e9.png", "a-b/1.png"]


def test_both_forms_of_an_accent_have_one_place(tmp_path):
    one, two = make(tmp_path / "1", "e\u0301.png", "ea.png"), tmp_path / "2"
    make(two, "\u00e9.png", "ea.png")
    for folder in (one, two):
        assert load_image_folder(folder).ids[0] == "ea.png"


# What is left out.


def test_hidden_files_and_others_are_counted(tmp_path):
    make(tmp_path, "a/1.png", "a/.2.png", ".git/1.png", "__MACOSX/a/1.png", "a/Thumbs.db")
    make(tmp_path, "a/labels.csv", "README.md", content=b"text")
    data = load_image_folder(tmp_path)
    assert data.ids.tolist() == ["a/1.png"]
    assert data.skipped == {"hidden": 4, "not an image": 2}


@pytest.mark.parametrize("name", ["1.JPG", "1.tif", "1.webp", "1.nii.gz", "1.dcm"])
def test_endings(tmp_path, name):
    data = load_image_folder(make(tmp_path, name, content=b"damaged"))
    assert data.ids.tolist() == [name]  # the reader raises the error


@pytest.mark.parametrize(
    "content",
    [PNG, b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\1\2\3\4WEBP", b"\0" * 128 + b"DICM" + b"\0" * 9],
)
def test_without_an_ending_the_first_bytes_decide(tmp_path, content):
    make(tmp_path, "IM_0001", content=content)
    make(tmp_path, "notes", "short", content=b"RI")
    data = load_image_folder(tmp_path)
    assert data.ids.tolist() == ["IM_0001"]
    assert data.skipped == {"not an image": 2}


def test_a_pair_of_files_is_one_image(tmp_path):
    make(tmp_path, "scan.hdr", content=b"\x5c\x01\0\0" + b"\0" * 344)
    make(tmp_path, "scan.img", content=b"\0" * 99)
    assert load_image_folder(tmp_path).ids.tolist() == ["scan.hdr"]


def test_links_lead_nowhere_else(tmp_path):
    folder = make(tmp_path / "in", "a/1.png")
    outside = make(tmp_path / "out", "2.png", "b/3.png")
    (folder / "a/again.png").symlink_to(folder / "a/1.png")
    (folder / "a/out.png").symlink_to(outside / "2.png")
    (folder / "a/gone.png").symlink_to(folder / "nothing.png")
    (folder / "b").symlink_to(outside / "b")
    (folder / "a/loop").symlink_to(folder)
    data = load_image_folder(folder)
    assert data.ids.tolist() == ["a/1.png", "a/again.png"]
    assert data.skipped == {"link": 3, "not an image": 1}


def test_a_link_to_a_folder_whose_name_begins_alike(tmp_path):
    folder = make(tmp_path / "in", "1.png")
    (folder / "2.png").symlink_to(make(tmp_path / "in2", "2.png") / "2.png")
    assert load_image_folder(folder).skipped == {"link": 1}


def test_a_folder_that_is_a_link(tmp_path):
    make(tmp_path / "real", "a/1.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real/a/2.png").symlink_to(tmp_path / "real/a/1.png")
    assert len(load_image_folder(tmp_path / "link").frame) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_block(tmp_path):
    make(tmp_path, "1.png")
    os.mkfifo(tmp_path / "2.png")
    os.mkfifo(tmp_path / "pipe")
    assert load_image_folder(tmp_path).skipped == {"not an image": 2}


# Groups.


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"/(p\d+)_", ["p1", "p1", "p2"]),
        (r"p\d", ["p1", "p1", "p2"]),
        (re.compile(r"(?:a|b)/(P\d)", re.IGNORECASE), ["p1", "p1", "p2"]),
        (r"(?P<patient>p\d)_", ["p1", "p1", "p2"]),
        (r"^(.+?)_", ["a/p1", "b/p1", "b/p2"]),
    ],
)
def test_groups(tmp_path, pattern, expected):
    make(tmp_path, "a/p1_left.png", "b/p1_right.png", "b/p2_left.png")
    assert load_image_folder(tmp_path, groups=pattern).groups.tolist() == expected


def test_groups_that_are_not_found(tmp_path):
    make(tmp_path, "a/p1.png", *(f"a/{i}.png" for i in range(7)))
    message = r"matches nothing in 7 of 8 paths: a/0.png; a/1.png; .* and 2 more"
    with pytest.raises(ValueError, match=message):
        load_image_folder(tmp_path, groups=r"p\d")


@pytest.mark.parametrize(
    ("pattern", "message"), [("(a)(b)", "2 pairs of parentheses"), ("(", "no regular expression")]
)
def test_bad_patterns(tmp_path, pattern, message):
    with pytest.raises(ValueError, match=message):
        load_image_folder(make(tmp_path, "ab.png"), groups=pattern)


# What comes back.


def test_X_and_y(tmp_path):
    make(tmp_path, "a/1.png", "b/1.png")
    X, y = load_image_folder(tmp_path, return_X_y=True)
    assert isinstance(X, pd.DataFrame)
    assert y.tolist() == [0, 1]
    X, y = load_image_folder(tmp_path, return_X_y=True, as_frame=False)
    assert X.shape == (2, 1)
    assert X.dtype == object
    assert load_image_folder(tmp_path, as_frame=False).frame is None


def test_relative_folders_give_relative_paths(tmp_path, monkeypatch):
    make(tmp_path / "photos", "a/1.png")
    monkeypatch.chdir(tmp_path)
    assert load_image_folder("photos").frame["image"].tolist() == [
        os.path.join("photos", "a", "1.png")
    ]


def test_names_that_are_no_text(tmp_path):
    make(tmp_path, "a/1.png")
    try:
        os.rename(tmp_path / "a/1.png", os.fsencode(tmp_path) + b"/a/\xff.png")
    except OSError:
        pytest.skip("this file system takes text only")
    with open(os.fsencode(tmp_path) + b"/a/\xff.png", "wb") as file:
        Image.new("L", (4, 4)).save(file, "PNG")
    data = load_image_folder(tmp_path)
    assert PixelFlattener().fit_transform(data.frame).shape == (1, 16)


# Wrong use.


def test_no_such_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No such folder: .*nowhere"):
        load_image_folder(tmp_path / "nowhere")


def test_a_file(tmp_path):
    with pytest.raises(NotADirectoryError, match=r"1.png' is a file"):
        load_image_folder(make(tmp_path, "1.png") / "1.png")


def test_nothing_in_it(tmp_path):
    with pytest.raises(ValueError, match=r"No image in .*; it is empty"):
        load_image_folder(tmp_path)
    make(tmp_path, "a/b.txt", content=b"text")
    with pytest.raises(ValueError, match=r"left out: 1 \(not an image\)"):
        load_image_folder(tmp_path)


def test_images_beside_the_classes(tmp_path):
    make(tmp_path, "0.png", "a/1.png", "b/1.png")
    with pytest.raises(ValueError, match=r"1 of 3 images are in .*: 0.png. Move .*classes=None"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize("arguments", [{"classes": "second"}, {"groups": 3}, {"as_frame": "no"}])
def test_bad_arguments(tmp_path, arguments):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=f"The '{name}' parameter of load_image_folder"):
        load_image_folder(make(tmp_path, "1.png"), **arguments)


@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        (["train/ants/1.png", "val/ants/1.png"], 'classes="last" to take the folders in them, or'),
        (["Train/a/1.png", "Test/a/1.png", "validation/1.png"], 'classes="last"'),
        (["test/a/1.png"], 'classes="last"'),
        (["train/1.png", "test/1.png"], "classes=None if they are none, or the path of one"),
    ],
)
def test_parts_of_a_split_are_hardly_classes(tmp_path, names, remedy):
    with pytest.warns(UserWarning, match=f"like the parts of a split. Pass {remedy}") as caught:
        data = load_image_folder(make(tmp_path, *names))
    assert caught[0].filename == __file__
    assert "\n" not in str(caught[0].message)
    assert len(data.target_names) == len({name.split("/")[0] for name in names})


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["train/a/1.png", "val/a/1.png"], "last"),
        (["train/a/1.png", "val/a/1.png"], "path"),
        (["train/a/1.png", "val/a/1.png"], None),
        (["train/1.png", "bus/1.png"], "first"),  # vehicles
    ],
)
def test_classes_that_are_no_parts_of_a_split(tmp_path, names, classes):
    load_image_folder(make(tmp_path, *names), classes=classes)  # warnings are errors here


# Real folders.


@pytest.mark.parametrize(
    ("name", "classes", "n_rows", "target_names"),
    [
        ("flowers", "first", 300, ["daisy", "dandelion", "roses", "sunflowers", "tulips"]),
        ("hymenoptera", "last", 398, ["ants", "bees"]),
        ("leaf/images", "first", 990, []),
    ],
)
def test_real_folders(shared_data, name, classes, n_rows, target_names):
    data = load_image_folder(shared_data / "data" / name, classes=classes)
    assert len(data.frame) == n_rows
    assert data.target_names == target_names
    if target_names:
        table = pd.read_csv(shared_data / "data" / name / "labels.csv").set_index("image")
        named = np.array(data.target_names)[data.target]
        assert table.loc[list(data.ids), "label"].tolist() == named.tolist()
