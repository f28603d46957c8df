"""audit: which altered copies of images are pairs, and which images are not."""

import io
import sys
import types

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance, ImageOps

from skfusion import audit
from tests.reports.audit.audit_rows import find, make_image, one


def encode(image, **options):
    file = io.BytesIO()
    image.save(file, **options)
    return Image.open(file).convert("RGB")


def crop(image, share):
    width, height = image.size
    box = (width * share, height * share, width * (1 - share), height * (1 - share))
    return image.crop(tuple(round(side) for side in box))


WAYS = {
    "jpeg": (lambda image: encode(image, format="JPEG", quality=20), "copy"),
    "half": (lambda image: image.resize((image.width // 2, image.height // 2)), "copy"),
    "crop 5 %": (lambda image: crop(image, 0.05), "crop"),
    "crop 12 %": (lambda image: crop(image, 0.12), "crop"),
    "brightness": (lambda image: ImageEnhance.Brightness(image).enhance(1.4), "copy"),
    "rotation": (lambda image: image.rotate(5, Image.Resampling.BICUBIC), "copy"),
    "mirror": (ImageOps.mirror, "mirror image"),
    "gray": (lambda image: ImageOps.grayscale(image).convert("RGB"), "copy"),
    "flip": (ImageOps.flip, "mirror image"),
    "turn": (lambda image: image.rotate(90, expand=True), "turned copy"),
    "upside down": (lambda image: image.rotate(180), "turned copy"),
    "corner": (lambda image: image.crop((0, 0, *(side * 22 // 25 for side in image.size))), "crop"),
}  # fmt: skip


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(0)
    return [Image.fromarray(make_image(random, size=96, smoothness=4)) for _ in range(12)]


@pytest.fixture(scope="module")
def altered(photos):
    """An audit of all images and of all alterations of the first one each."""
    copies = [alter(photos[place]) for place, (alter, _) in enumerate(WAYS.values())]
    cells = [np.asarray(image) for image in photos + copies]
    return audit(cells, np.arange(len(cells)) % 2, cv=2, random_state=0)


@pytest.mark.parametrize("way", WAYS)
def test_each_altered_copy_is_a_pair(way, altered):
    place = list(WAYS).index(way)
    some = altered.pairs[altered.pairs["row_a"] == place]
    assert some["row_b"].tolist() == [12 + place]
    assert some["kind"].tolist() == [WAYS[way][1]]
    assert 0.84 <= some["similarity"].iloc[0] <= 1


def test_no_other_pair(altered):
    assert len(altered.pairs) == len(WAYS)
    assert len(np.unique(altered.groups)) == 12


def test_the_same_file_and_the_same_pixels(photos, tmp_path):
    names = ["a.png", "b.png", "c.bmp", "d.png"]
    for name, image in zip(names, [photos[0]] * 3 + [photos[1]], strict=True):
        image.save(tmp_path / name)
    X = pd.DataFrame({"photo": [str(tmp_path / name) for name in names]})
    pairs = audit(X, [0, 1, 0, 1], cv=2, random_state=0).pairs
    kinds = {(a, b): kind for a, b, kind in pairs[["row_a", "row_b", "kind"]].values}
    assert kinds == {(0, 1): "same file", (0, 2): "same pixels", (1, 2): "same pixels"}


def test_one_path_in_two_rows(photos, tmp_path):
    for place, image in enumerate(photos[:3]):
        image.save(tmp_path / f"{place}.png")
    paths = [str(tmp_path / f"{place}.png") for place in (0, 1, 2, 0)]
    found = audit(pd.Series(paths, name="photo"), [0, 1, 0, 1], cv=2, random_state=0)
    assert found.pairs[["row_a", "row_b", "kind"]].values.tolist() == [[0, 3, "same file"]]


def test_the_same_shape_in_another_color_is_no_copy():
    random = np.random.default_rng(1)
    shape = make_image(random, size=64)[..., :1] / 255
    red, blue = (np.uint8(shape * color) for color in ([250, 40, 40], [40, 40, 250]))
    others = [make_image(random, size=64) for _ in range(6)]
    assert audit([red, blue, *others], np.arange(8) % 2, cv=2, random_state=0).pairs.empty
    gray = np.repeat(np.uint8(shape * 110), 3, axis=2)
    pairs = audit([red, gray, *others], np.arange(8) % 2, cv=2, random_state=0).pairs
    assert pairs[["row_a", "row_b"]].values.tolist() == [[0, 1]]


def test_blank_images_are_no_copies():
    cells = [np.full((20, 20), value, dtype=np.uint8) for value in (0, 0, 90, 200)]
    random = np.random.default_rng(2)
    cells += [make_image(random, size=32) for _ in range(4)]
    found = audit(cells, np.arange(8) % 2, cv=2, random_state=0)
    assert found.pairs.empty
    assert one(found, "blank images")["rows"] == [0, 1, 2, 3]


def test_a_placeholder_in_many_rows_is_no_copy():
    random = np.random.default_rng(3)
    placeholder = make_image(random, size=32)
    cells = [make_image(random, size=32) for _ in range(10)] + [placeholder] * 60
    found = audit(cells, np.arange(70) % 2, cv=2, random_state=0)
    assert found.pairs.empty
    assert one(found, "one image in many rows")["rows"] == list(range(10, 70))


def test_images_that_are_all_alike():
    """Silhouettes differ little; only copies that are nearly equal count."""
    random = np.random.default_rng(4)
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    cells = []
    for _ in range(30):
        width, height = random.uniform(0.5, 0.6, 2)
        edge = 0.02 * random.normal(size=4)
        turn = np.arctan2(y, x)
        border = 1 + sum(a * np.cos((k + 2) * turn) for k, a in enumerate(edge))
        inside = (x / width) ** 2 + (y / height) ** 2 < border
        cells.append(np.where(inside, 20, 235).astype(np.uint8))
    cells.append(np.asarray(encode(Image.fromarray(cells[0]), format="JPEG", quality=60)))
    pairs = audit(cells, np.arange(31) % 2, cv=2, random_state=0).pairs
    assert [0, 30] in pairs[["row_a", "row_b"]].values.tolist()
    assert len(pairs) <= 4


def test_one_image_alone(photos):
    X = pd.DataFrame({"photo": [np.asarray(photos[0]), None, None, None]})
    found = audit(X, [0, 1, 0, 1], cv=2, image_columns="photo", random_state=0)
    assert found.pairs.empty
    assert found.protocol["n_images"] == 1


def test_rows_without_any_image():
    X = pd.DataFrame({"photo": [None] * 4, "age": [1.0, 2.0, 3.0, 4.0]})
    found = audit(X, [0, 1, 0, 1], cv=2, image_columns="photo", random_state=0)
    assert found.protocol["n_images"] == 0
    assert find(found, "images are missing").iloc[0]["rows"] == [0, 1, 2, 3]


class Index:
    """The parts of usearch's index that are used, by comparison of all pairs."""

    def __init__(self, ndim, metric, dtype):
        assert (ndim, metric, dtype) == (64, "ip", "f32")

    def add(self, keys, vectors):
        self.keys, self.vectors = keys, vectors

    def search(self, vectors, count):
        products = vectors @ self.vectors.T
        order = np.argsort(-products, axis=1)[:, :count]
        distances = 1 - np.take_along_axis(products, order, axis=1)
        return types.SimpleNamespace(keys=self.keys[order].astype(np.uint64), distances=distances)


@pytest.mark.parametrize("is_installed", [True, False])
def test_neighbors_of_many_images(is_installed, photos, altered, monkeypatch):
    """The index gives the pairs that comparing all images gives; without it, all are compared."""
    module = types.SimpleNamespace(Index=Index) if is_installed else None
    monkeypatch.setitem(sys.modules, "usearch", types.ModuleType("usearch"))
    monkeypatch.setitem(sys.modules, "usearch.index", module)
    monkeypatch.setattr("skfusion.reports.audit.duplicates._candidates.EXACT", 10)
    monkeypatch.setattr("skfusion.reports.audit.duplicates._thumbnails._IN_MEMORY", 10)
    copies = [alter(photos[place]) for place, (alter, _) in enumerate(WAYS.values())]
    cells = [np.asarray(image) for image in photos + copies]
    found = audit(cells, np.arange(len(cells)) % 2, cv=2, random_state=0)
    pd.testing.assert_frame_equal(found.pairs, altered.pairs)


@pytest.mark.parametrize("name", ["flowers", "hymenoptera"])
def test_photographs(name, shared_data):
    """Each of 16 photographs in eight ways, among 60 others."""
    paths = sorted((shared_data / "data" / name).rglob("*.jpg"))[::4][:76]
    photos = [Image.open(path).convert("RGB") for path in paths]
    ways = [alter for alter, _ in list(WAYS.values())[:8]]
    copies = [ways[place % 8](photos[place]) for place in range(16)]
    cells = [np.asarray(image) for image in photos + copies]
    found = audit(cells, np.arange(len(cells)) % 2, cv=2, random_state=0)
    pairs = found.pairs[["row_a", "row_b"]].values.tolist()
    assert [[place, len(photos) + place] for place in range(16)] == sorted(pairs)
