"""load_image_folder on random trees of folders, beside a plain walk over them."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfusion import PixelFlattener
from skfusion.datasets import load_image_folder

FOLDERS = ["ants", "Bees", "zebra fish", "ärzte", "10", "9", "a.b"]
FILES = ["1.png", "2.PNG", "10.jpg", "b c.jpeg", "x.y.png", "ü.bmp"]
OTHERS = ["notes.txt", ".hidden.png", "Thumbs.db", "model.h5"]


def make_tree(folder, seed, depth):
    """Write images in folders of the same depth, and other files among them."""
    random = np.random.default_rng(seed)
    images = set()
    for _ in range(12):
        parts = [str(random.choice(FOLDERS)) for _ in range(depth)]
        place = folder.joinpath(*parts)
        place.mkdir(parents=True, exist_ok=True)
        name = str(random.choice(FILES))
        value = int(random.integers(256))
        Image.new("L", (3, 2), value).save(place / name)
        images.add("/".join([*parts, name]))
        (place / str(random.choice(OTHERS))).write_bytes(b"no image")
    hidden = folder / ".git" / "ants"
    hidden.mkdir(parents=True)
    Image.new("L", (3, 2)).save(hidden / "1.png")
    return sorted(images, key=lambda path: path.split("/"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_all_images_in_the_order_of_their_paths(tmp_path, seed, depth):
    images = make_tree(tmp_path, seed, depth)
    data = load_image_folder(tmp_path, classes="path")
    assert data.ids.tolist() == images
    paths = data.frame["image"].tolist()
    assert [os.path.relpath(path, tmp_path).replace(os.sep, "/") for path in paths] == images
    assert all(os.path.isfile(path) for path in paths)
    assert data.skipped["hidden"] >= 1
    assert data.image_columns == ["image"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("classes", ["first", "last", "path"])
def test_classes_are_numbers_of_sorted_names(tmp_path, seed, classes):
    images = make_tree(tmp_path, seed, 2)
    data = load_image_folder(tmp_path, classes=classes)
    folders = [path.split("/")[:-1] for path in images]
    labels = [{"first": f[0], "last": f[-1], "path": "/".join(f)}[classes] for f in folders]
    assert data.target_names == sorted(set(labels))
    assert [data.target_names[number] for number in data.target] == labels
    assert data.target.dtype.kind == "i"


@pytest.mark.parametrize("depth", [0, 2])
def test_without_classes(tmp_path, depth):
    make_tree(tmp_path, 0, depth)
    data = load_image_folder(tmp_path, classes=None)
    assert data.target is None
    assert data.target_names == []
    if depth == 0:
        assert load_image_folder(tmp_path).target is None


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("as_frame", [True, False])
def test_the_forms_of_the_result_agree(tmp_path, seed, as_frame):
    make_tree(tmp_path, seed, 1)
    data = load_image_folder(tmp_path, as_frame=as_frame)
    X, y = load_image_folder(tmp_path, as_frame=as_frame, return_X_y=True)
    np.testing.assert_array_equal(np.asarray(X), np.asarray(data.data))
    np.testing.assert_array_equal(y, data.target)
    assert np.asarray(X).shape == (len(y), 1)
    assert (data.frame is None) != as_frame
    features = PixelFlattener().fit_transform(X)
    assert features.shape == (len(y), 6)
    assert (features == features[:, :1]).all()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^[^/]+", lambda path: path.split("/")[0]),
        (r"/([^/]+)/", lambda path: path.split("/")[1]),
        (r"([^/.]+)[^/]*$", lambda path: path.split("/")[-1].split(".")[0]),
        (re.compile(r"\.(?:png|jpe?g|bmp)$", re.IGNORECASE), lambda path: Path(path).suffix),
    ],
    ids=["first", "second", "stem", "compiled"],
)
def test_groups_of_paths(tmp_path, pattern, expected):
    images = make_tree(tmp_path, 1, 2)
    data = load_image_folder(tmp_path, groups=pattern)
    assert data.groups.tolist() == [expected(path) for path in images]


def test_the_path_may_be_written_in_every_way(tmp_path, monkeypatch):
    images = make_tree(tmp_path / "photos", 0, 1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("photos", "./photos", "~/photos", tmp_path / "photos", f"{tmp_path}/photos/"):
        data = load_image_folder(path)
        assert data.ids.tolist() == images
        assert all(os.path.isfile(each) for each in data.frame["image"])


def test_links_to_folders_are_not_followed(tmp_path):
    images = make_tree(tmp_path / "photos", 0, 1)
    (tmp_path / "elsewhere").mkdir()
    Image.new("L", (2, 2)).save(tmp_path / "elsewhere" / "1.png")
    (tmp_path / "photos" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos" / images[0].split("/")[0] / "loop").symlink_to(tmp_path / "photos")
    assert load_image_folder(tmp_path / "photos").ids.tolist() == images


@pytest.mark.parametrize("inside", [True, False])
def test_links_to_files_count_within_the_tree_only(tmp_path, inside):
    images = make_tree(tmp_path / "photos", 0, 1)
    Image.new("L", (2, 2)).save(tmp_path / "other.png")
    target = tmp_path / "photos" / images[0] if inside else tmp_path / "other.png"
    link = "/".join([images[0].split("/")[0], "zz.png"])
    (tmp_path / "photos" / link).symlink_to(target)
    data = load_image_folder(tmp_path / "photos")
    assert (link in data.ids) == inside
    assert data.skipped.get("link", 0) == (0 if inside else 1)
