"""Cells that people have: dicts, file objects, home folders, encoded text, closed images, HEIC."""

import base64
import gzip
import io
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from skfusion import (
    ExtraNotFoundError,
    FeatureStore,
    FusionClassifier,
    ImageDescriptors,
    ImageReader,
    ImageReadError,
    PixelFlattener,
    check_images,
)
from skfusion.datasets import load_image_folder, make_image_table
from tests.encoded_images import encoded

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)


PNG, OTHER = encoded(PIXELS), encoded(255 - PIXELS)


def frame(cells, name="image"):
    column = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):  # one by one: NumPy takes a list of images for numbers
        column[row] = cell
    return pd.DataFrame({name: pd.Series(column, dtype=object)})


def features(cells, **options):
    return PixelFlattener(**options).fit_transform(frame(cells))


# Dicts.


def in_pandas(cells, folder):
    return frame(cells)


def in_arrow(cells, folder):
    return pa.table({"image": cells}).to_pandas(types_mapper=pd.ArrowDtype)


def in_polars(cells, folder):
    return pl.DataFrame({"image": cells})


def in_parquet(cells, folder):
    """As a data set is downloaded from Hugging Face."""
    frame(cells).to_parquet(folder / "train.parquet")
    return pd.read_parquet(folder / "train.parquet")


@pytest.mark.parametrize("make", [in_pandas, in_arrow, in_polars, in_parquet])
def test_tables_of_dicts(make, tmp_path):
    (tmp_path / "b.png").write_bytes(OTHER)
    cells = [
        {"bytes": PNG, "path": "a.png"},
        None,
        {"bytes": None, "path": str(tmp_path / "b.png")},
        {"bytes": PNG, "path": None},
        {"bytes": None, "path": None},
        {"bytes": None, "path": ""},
    ]
    X = make(cells, tmp_path)
    pixels = PixelFlattener(missing="zero", add_indicator=True).fit_transform(X)
    expected = PIXELS.ravel()
    np.testing.assert_array_equal(pixels[0, :-1], expected)
    np.testing.assert_array_equal(pixels[2, :-1], 255 - expected)
    np.testing.assert_array_equal(pixels[3, :-1], expected)
    assert pixels[:, -1].tolist() == [0, 1, 0, 0, 1, 1]
    report = check_images(X)
    assert report.rows["status"].tolist() == ["ok", "missing", "ok", "ok", "missing", "missing"]
    assert report.duplicates == [[0, 3]]
    assert report.rows["source"][0] == f"a.png, {len(PNG)} bytes"


def test_dicts_of_one_key_and_lists_of_dicts(tmp_path):
    (tmp_path / "b.png").write_bytes(OTHER)
    reader = ImageReader(root=tmp_path)
    np.testing.assert_array_equal(reader.read({"bytes": PNG}), PIXELS)
    np.testing.assert_array_equal(reader.read({"path": "b.png"}), 255 - PIXELS)
    np.testing.assert_array_equal(reader.read({"path": Path("b.png"), "bytes": None}), 255 - PIXELS)
    cells = [[{"bytes": PNG, "path": None}, {"path": "b.png"}], []]
    mean = features(cells, combine="mean", missing="nan", reader=reader)
    np.testing.assert_allclose(mean[0], 127.5)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"bytes": b"", "path": "a.png"}, "no bytes"),
        ({"bytes": b"text", "path": "a.png"}, "no image format"),
        ({"bytes": None, "path": "no.png"}, "no such file"),
        ({"bytes": [1, 2], "path": None}, "a cell of type list is no image"),
        ({"bytes": None, "path": 3}, "a cell of type int is no image"),
        ({}, "a cell of type dict is no image"),
        ({"bytes": PNG, "label": 3}, "a cell of type dict is no image"),
        ({1: 2}, "a cell of type dict is no image"),
    ],
)
def test_dicts_that_are_no_images(cell, reason):
    with pytest.raises(ImageReadError, match=rf"row 1 .*: {reason}") as info:
        features([PNG, cell], image_size=(2, 2))
    assert len(str(info.value)) < 400


def test_fusion_and_readers_of_tables_find_dicts():
    data = make_image_table(24, image_size=(8, 8), random_state=0)
    cells = [{"bytes": encoded(image), "path": None} for image in data.frame["image"]]
    X = data.frame.assign(image=cells)
    model = FusionClassifier(PixelFlattener((4, 4)), cv=2).fit(X, data.target)
    assert model.image_columns_ == ["image"]
    as_polars = pl.DataFrame({name: X[name].to_list() for name in X.columns})
    model = FusionClassifier(PixelFlattener((4, 4)), cv=2).fit(as_polars, data.target)
    assert model.image_columns_ == ["image"]


def test_a_store_identifies_dicts_by_their_content(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    store = FeatureStore(tmp_path / "store")
    describe = ImageDescriptors(("intensity",), cache=store)
    first = describe.fit_transform(frame([PNG]))
    for cell in (
        {"bytes": PNG, "path": "x"},
        {"bytes": None, "path": str(tmp_path / "a.png")},
        io.BytesIO(PNG),
    ):
        hits = store.stats()["hits"]
        np.testing.assert_array_equal(describe.transform(frame([cell])), first)
        assert store.stats()["hits"] == hits + 1
    (tmp_path / "a.png").write_bytes(OTHER)
    changed = describe.transform(frame([{"bytes": None, "path": str(tmp_path / "a.png")}]))
    assert not np.array_equal(changed, first)


# File objects.


def test_file_objects_are_read_from_their_start(tmp_path):
    """Whatever their position, which is restored; they stay open."""
    (tmp_path / "a.png").write_bytes(PNG)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", PNG)
    with gzip.open(tmp_path / "a.png.gz", "wb") as file:
        file.write(PNG)
    with (
        tempfile.SpooledTemporaryFile() as spooled,
        open(tmp_path / "a.png", "rb") as plain,
        open(tmp_path / "a.png", "rb", buffering=0) as raw,
        zipfile.ZipFile(tmp_path / "a.zip") as archive,
        archive.open("a.png") as member,
        gzip.open(tmp_path / "a.png.gz") as inflated,
    ):
        spooled.write(PNG)
        for file in (io.BytesIO(PNG), plain, raw, member, inflated, spooled):
            for position in (5, 0, len(PNG)):
                file.seek(position)
                assert ImageReader().probe(file) == PIXELS.shape
                np.testing.assert_array_equal(ImageReader().read(file), PIXELS)
                assert file.tell() == position
            assert not file.closed


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "ICO"])
def test_file_objects_of_any_format(format):
    # By itself, old Pillow writes no icons of less than 16 pixels a side.
    content = encoded(PIXELS, format=format, **({"sizes": [(9, 8)]} if format == "ICO" else {}))
    file = io.BytesIO(content)
    np.testing.assert_array_equal(ImageReader().read(file), ImageReader().read(content))
    assert file.tell() == 0
    assert not file.closed


def test_medical_file_objects(tmp_path):
    volume = nibabel.Nifti1Image(np.arange(64, dtype=np.int16).reshape(4, 4, 4), np.eye(4))
    nibabel.save(volume, tmp_path / "a.nii.gz")
    with open(tmp_path / "a.nii.gz", "rb") as file:
        np.testing.assert_array_equal(ImageReader().read(file), ImageReader().read(volume))


def test_columns_of_file_objects():
    files = [io.BytesIO(PNG), io.BytesIO(OTHER)]
    X = frame([*files, files[0], None])
    pixels = PixelFlattener(missing="zero").fit_transform(X)
    np.testing.assert_array_equal(pixels[0], pixels[2])
    np.testing.assert_array_equal(pixels[1], 255 - PIXELS.ravel())
    assert check_images(X).rows["status"].tolist() == ["ok", "ok", "ok", "missing"]
    assert check_images(X["image"]).rows["bytes"][:2].tolist() == [len(PNG), len(OTHER)]
    with pytest.raises(ValueError, match="got a single BytesIO"):
        PixelFlattener().fit(files[0])


class Unseekable(io.RawIOBase):
    def read(self, n=-1):
        raise AssertionError("read")


def closed_file():
    file = io.BytesIO(PNG)
    file.close()
    return file


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (io.StringIO("text"), r"its read\(\) gives str; open the file in binary mode"),
        (closed_file(), "closed file"),
        (Unseekable(), "can't be read from its start"),
        (io.BytesIO(), "the file is empty"),
        (io.BytesIO(b"text"), "no image format"),
    ],
)
def test_file_objects_that_are_no_images(file, reason):
    with pytest.raises(ImageReadError, match=f"row 1 .*{reason}"):
        features([PNG, file], image_size=(2, 2))
    assert check_images([file]).n_broken == 1


def test_a_large_file_object_is_refused_by_its_header(peak_memory):
    content = encoded(np.zeros((3000, 3000), np.uint8))
    reader = ImageReader(max_pixels=1000)

    def ask():
        with pytest.raises(ValueError, match="more than max_pixels=1000"):
            reader.read(io.BytesIO(content))

    assert peak_memory(ask)[1] < 3_000_000


# Home folders.


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.png").write_bytes(PNG)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("cell", ["~/photos/a.png", Path("~/photos/a.png")])
def test_cells_in_the_home_folder(home, cell):
    np.testing.assert_array_equal(ImageReader().read(cell), PIXELS)
    np.testing.assert_array_equal(ImageReader().read({"bytes": None, "path": cell}), PIXELS)
    np.testing.assert_array_equal(ImageReader(root="/nowhere").read(cell), PIXELS)
    assert check_images([cell]).n_ok == 1
    describe = ImageDescriptors(("intensity",), cache="~/store")
    assert describe.fit_transform(frame([cell])).shape[0] == 1
    assert (home / "store").is_dir()


@pytest.mark.parametrize("root", ["~/photos", Path("~/photos")])
@pytest.mark.parametrize("strict", [False, True])
def test_a_root_in_the_home_folder(home, root, strict):
    reader = ImageReader(root=root, strict_root=strict)
    np.testing.assert_array_equal(reader.read("a.png"), PIXELS)
    assert check_images(["a.png"], reader).n_ok == 1
    describe = ImageDescriptors(("intensity",), cache=home / "store", reader=reader)
    assert describe.fit_transform(frame(["a.png"])).shape[0] == 1


def test_a_strict_root_is_not_left_for_the_home_folder(home, tmp_path):
    (home / "root").mkdir()
    reader = ImageReader(root=home / "root", strict_root=True)
    with pytest.raises(ValueError, match="outside the reader's root"):
        reader.read("~/photos/a.png")


def test_names_that_only_begin_with_a_tilde(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "~lock.png").write_bytes(PNG)
    np.testing.assert_array_equal(ImageReader().read("~lock.png"), PIXELS)
    assert load_image_folder("~/photos").frame["image"].tolist() == [str(home / "photos/a.png")]


# Encoded text.


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_base64_text_has_a_clear_error(format, wrapped):
    pixels = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    text = base64.b64encode(encoded(pixels, format)).decode()
    if wrapped:
        text = "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    X = frame([PNG, text])
    with pytest.raises(ImageReadError, match=r"row 1 \(base64 text of \d+ characters\)") as info:
        PixelFlattener((2, 2)).fit_transform(X)
    assert "base64.b64decode(cell)" in str(info.value)
    assert len(str(info.value)) < 400
    assert max(len(str(part)) for part in info.value.failures[0]) < 100
    report = check_images(X)
    assert text[:40] not in report.rows.to_string()
    assert text[:40] not in str(report)


@pytest.mark.parametrize("head", ["data:image/png;base64,", "data:;base64,", "DATA:image/png,"])
def test_data_uris_have_a_clear_error(head):
    text = head + base64.b64encode(PNG).decode()
    with pytest.raises(ImageReadError, match=r"row 1 \(a data URI of \d+ characters\)") as info:
        features([PNG, text], image_size=(2, 2))
    assert "cell.split(',', 1)[1]" in str(info.value)
    assert len(str(info.value)) < 400
    with pytest.raises(ValueError, match="a data URI is no path"):
        FusionClassifier(PixelFlattener((2, 2)), cv=2).fit(
            pd.DataFrame({"image": [text] * 8, "a": np.arange(8) / 2}), [0, 1] * 4
        )


@pytest.mark.parametrize(
    "cell",
    ["x" * 100_000, "https://example.org/" + "a/" * 5000, "folder/" * 600 + "a.png", "\n" * 9000],
)
def test_long_text_is_not_repeated_at_length(cell):
    with pytest.raises(ImageReadError, match=r"row 1 \(") as info:
        features([PNG, cell], image_size=(2, 2))
    assert len(str(info.value)) < 700


# Closed images.


def test_closed_images_are_unreadable_in_any_state(tmp_path):
    for format in ("PNG", "JPEG", "GIF", "WEBP", "TIFF"):
        content = encoded(PIXELS, format=format)
        opened = Image.open(io.BytesIO(content))
        loaded = Image.open(io.BytesIO(content))
        loaded.load()
        loaded.close()
        opened.close()
        gone = io.BytesIO(content)
        without_file = Image.open(gone)
        gone.close()
        cells = [opened, loaded]
        if format != "WEBP":  # of which Pillow reads the whole file when it is opened
            cells.append(without_file)
        for cell in cells:
            with pytest.raises(ValueError, match=r"closed") as info:
                ImageReader().read(cell)
            assert "NoneType" not in str(info.value)
            assert check_images([cell]).n_broken == 1
            store = FeatureStore(tmp_path / "store")
            describe = ImageDescriptors(("intensity",), cache=store)
            with pytest.raises(ImageReadError, match="row 0"):
                describe.fit_transform(frame([cell]))


def test_an_image_that_was_decoded_before_its_file_was_closed(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
    np.testing.assert_array_equal(ImageReader().read(image), PIXELS)


# HEIC.


@pytest.fixture
def heic():
    heif = pytest.importorskip("pillow_heif")
    smooth = Image.fromarray(PIXELS).resize((64, 48), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    heif.from_pillow(smooth).save(stream, quality=95)
    return stream.getvalue(), np.asarray(smooth)


def test_heic(heic, tmp_path):
    content, expected = heic
    (tmp_path / "IMG_1.HEIC").write_bytes(content)
    for cell in (content, tmp_path / "IMG_1.HEIC", io.BytesIO(content), {"bytes": content}):
        pixels = ImageReader().read(cell)
        assert ImageReader().probe(cell) == pixels.shape == expected.shape
        assert np.abs(pixels.astype(int) - expected).mean() < 10
    with pytest.raises(ValueError, match="64 x 48 pixels are more than max_pixels=3071"):
        ImageReader(max_pixels=3071).read(content)
    assert load_image_folder(tmp_path).ids.tolist() == ["IMG_1.HEIC"]
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(io.BytesIO(content))  # Pillow is as it was
    with pytest.raises(ValueError, match=r"\w"):
        ImageReader().read(content[: len(content) // 2])


def test_heic_without_the_package(monkeypatch):
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    for module in [name for name in sys.modules if name.startswith("pillow_heif")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ExtraNotFoundError, match=r"HEIC image.*pip install 'skfusion\[heif\]'"):
        features([PNG, head], corrupt="missing")
    assert check_images([head]).n_broken == 1


def test_avif_is_left_to_pillow():
    if ".avif" not in Image.registered_extensions():
        pytest.skip("this Pillow has no AVIF")
    content = encoded(PIXELS, format="AVIF")
    assert ImageReader().read(content).shape == PIXELS.shape


def test_optional_packages_are_loaded_on_need(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "a.tif").write_bytes(encoded(PIXELS, format="TIFF"))
    script = """
        import sys
        from skfusion import ImageReader, PixelFlattener
        PixelFlattener((8, 8)).fit_transform(sys.argv[1:])
        assert not {"pillow_heif", "tifffile", "imagecodecs", "pydicom"} & set(sys.modules)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    subprocess.run([*command, tmp_path / "a.png", tmp_path / "a.tif"], check=True, timeout=120)
