from importlib.util import find_spec

import nibabel
import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from skfusion import ImageReader, check_images
from skfusion.reports import _image_facts
from tests.encoded_images import encoded


def noise(seed=0, shape=(12, 16, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Images of several kinds, copies, and files that are broken."""
    Image.fromarray(noise()).save(tmp_path / "a.png")
    Image.fromarray(noise()).save(tmp_path / "same_pixels.bmp")
    (tmp_path / "same_bytes.png").write_bytes((tmp_path / "a.png").read_bytes())
    Image.fromarray(noise(1, (20, 10))).save(tmp_path / "gray.tif")
    Image.new("RGB", (16, 12), "red").save(tmp_path / "blank.gif")
    (tmp_path / "cut.png").write_bytes(encoded(noise(2, (90, 90, 3)))[:5000])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.jpg").touch()
    return tmp_path


NAMES = ["a.png", "same_pixels.bmp", "same_bytes.png", "gray.tif", "blank.gif", None, "cut.png"]
NAMES += ["text.png", "empty.jpg", "nowhere.png", "a.png"]


@pytest.fixture
def report(folder):
    return check_images(pd.DataFrame({"photo": NAMES}), ImageReader(folder))


def test_counts(report):
    assert (report.n_ok, report.n_missing, report.n_broken) == (6, 1, 4)
    assert repr(report) == "<ImageReport: 6 ok, 1 missing, 4 broken; print it for more>"


def test_one_line_a_row(report, folder):
    rows = report.rows
    assert rows["row"].tolist() == list(range(11))
    assert set(rows["column"]) == {"photo"}
    assert rows["source"][:5].tolist() == NAMES[:5]
    assert rows["format"][:5].tolist() == ["PNG", "BMP", "PNG", "TIFF", "GIF"]
    assert rows["mode"][:4].tolist() == ["RGB", "RGB", "RGB", "L"]
    assert rows["height"][:5].tolist() == [12, 12, 12, 20, 12]
    assert rows["width"][:5].tolist() == [16, 16, 16, 10, 16]
    assert rows["channels"][:5].tolist() == [3, 3, 3, 1, 3]
    assert rows["bytes"][0] == (folder / "a.png").stat().st_size
    assert rows["blank"][:5].tolist() == [False] * 4 + [True]
    assert rows.loc[5].drop(["row", "column", "status"]).isna().all()


def test_what_is_broken_has_a_reason(report):
    reasons = dict(zip(report.broken["source"], report.broken["reason"], strict=True))
    assert "truncated" in reasons["cut.png"]
    assert reasons["text.png"] == "no image format that Pillow reads"
    assert reasons["empty.jpg"] == "the file is empty"
    assert reasons["nowhere.png"] == "no such file"
    assert report.broken["row"].tolist() == [6, 7, 8, 9]
    # Facts of the header are found.
    assert report.broken["format"].tolist()[:1] == ["PNG"]


def test_duplicates(report):
    assert report.duplicates == [[0, 1, 2, 10]]
    rows = report.rows
    assert rows["content"][0] == rows["content"][2] != rows["content"][1]


def test_headers_only(folder):
    report = check_images(NAMES, ImageReader(folder), decode=False)
    assert report.n_broken == 3  # the one that is cut isn't found
    assert report.duplicates == [[0, 2, 10]]
    assert report.rows["pixels"].isna().all()
    assert report.rows["height"][0] == 12
    assert "share their bytes" in str(report)


def test_the_printed_report(report):
    assert str(report).splitlines() == [
        "Column 'photo': 11 rows",
        "  ok          6",
        "  missing     1",
        "  broken      4",
        "  sizes       12 x 16 (5), 20 x 10 (1) - height x width",
        "  formats     PNG (3), BMP (1), TIFF (1), GIF (1)",
        "  modes       RGB (4), L (1), P (1)",
        f"  bytes       {str(report).split('bytes       ')[1].splitlines()[0]}",
        "  blank       1 of one color",
        "",
        "Broken",
        f"  row 6  cut.png: {report.rows['reason'][6]}",
        "  row 7  text.png: no image format that Pillow reads",
        "  row 8  empty.jpg: the file is empty",
        "  row 9  nowhere.png: no such file",
        "",
        "Duplicates: 4 images share their pixels, in 1 set",
        "  row 0, row 1, row 2, ...  a.png, same_pixels.bmp, same_bytes.png",
        "",
        "What to do",
        '  - Correct what is broken, or pass corrupt="missing" and missing="nan" to a transformer.',
        "  - Sizes differ: pass image_size=(height, width) to bring all images to one.",
        "  - Rows with the same image belong in one fold: see GroupKFold.",
    ]


def test_a_long_report_is_short(tmp_path):
    names = [f"{i}.png" for i in range(1000)]
    lines = str(check_images(names, ImageReader(tmp_path))).splitlines()
    assert "  1000 images: no such file" in lines
    assert "    and 997 more" in lines
    assert f"  - Relative paths start from {tmp_path}: pass another root." in lines
    assert len(lines) < 15


def test_a_wrong_root_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for root in (None, ".", "~"):
        reader = ImageReader(root)
        assert f"Relative paths start from {tmp_path}:" in str(check_images(["a.png"], reader))


def test_html_is_escaped_and_short(tmp_path):
    names = ["<script>alert(1)</script>.png", *(f"{i}.png" for i in range(100))]
    Image.fromarray(noise()).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes((tmp_path / "1.png").read_bytes())
    html = check_images(names, ImageReader(tmp_path))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<tr>") < 20
    assert "and 89 more" in html
    assert "12 x 16" in html
    assert "row 2, row 3" in html
    assert check_images(pd.DataFrame({"photo": []}))._repr_html_().startswith("<div>")


def test_advice_and_reasons_are_data(report):
    assert [one.split(" ")[0] for one in report.advice] == ["Correct", "Sizes", "Rows"]
    assert report.reasons.sum() == report.n_broken == 4
    assert report.reasons["no such file"] == 1
    assert report.sizes.iloc[0] == 5


def test_a_table_without_rows():
    report = check_images(pd.DataFrame({"photo": []}))
    assert report.n_ok == report.n_missing == report.n_broken == 0
    assert report.duplicates == []
    assert str(report) == "No rows"


def test_a_table_of_missing_images():
    report = check_images([None, float("nan"), ""])
    assert report.n_missing == 3
    assert 'missing="nan"' in str(report)


def test_several_columns(folder):
    frame = pd.DataFrame({"front": ["a.png", None], "back": ["gray.tif", "a.png"]})
    for X in (frame, pl.from_pandas(frame)):
        report = check_images(X, ImageReader(folder))
        assert report.rows["column"].tolist() == ["front", "front", "back", "back"]
        assert report.rows["row"].tolist() == [0, 1, 0, 1]
        assert report.duplicates == [[0, 3]]
        assert "row 0 of 'front', row 1 of 'back'  a.png" in str(report)


def test_sizes_may_differ_between_columns(folder):
    report = check_images(pd.DataFrame({"a": ["a.png"], "b": ["gray.tif"]}), ImageReader(folder))
    assert "Sizes differ" not in str(report)


def test_lists_in_cells(folder):
    report = check_images([["a.png", "gray.tif"], [], ["nowhere.png"]], ImageReader(folder))
    assert report.rows["row"].tolist() == [0, 0, 1, 2]
    assert report.rows["status"].tolist() == ["ok", "ok", "missing", "broken"]
    assert "Column 'image': 3 rows, 4 images" in str(report)


def test_lists_of_a_parquet_file(folder):
    frame = pd.DataFrame({"photos": [["a.png", "gray.tif"], ["blank.gif"]]})
    frame.to_parquet(folder / "lists.parquet")
    cells = pd.read_parquet(folder / "lists.parquet")
    report = check_images(cells, ImageReader(folder))
    assert report.rows["source"].tolist() == ["a.png", "gray.tif", "blank.gif"]
    assert report.n_ok == 3


def test_odd_names_are_printed_harmlessly(tmp_path):
    names = ["new\nline.png", "\x1b[2Jclear.png", "caf\udce9.png", "naïve.png"]
    report = check_images(names, ImageReader(tmp_path), decode=False)
    report.to_csv(tmp_path / "report.csv")
    assert len(pd.read_csv(tmp_path / "report.csv")) == 4
    broken = str(report).split("Broken\n")[1]
    broken.encode()
    assert "\x1b" not in broken
    assert r"row 0  'new\nline.png'" in broken
    Image.fromarray(noise()).save(tmp_path / "naïve.png")
    shown = str(check_images(["naïve.png", tmp_path / "naïve.png"], ImageReader(tmp_path)))
    assert "row 0, row 1  naïve.png, " in shown


def test_other_cells(folder):
    cells = [noise(), (folder / "a.png").read_bytes(), Image.fromarray(noise()), 3, b""]
    report = check_images(cells)
    assert report.rows["status"].tolist() == ["ok"] * 3 + ["broken"] * 2
    assert report.rows["format"][:3].tolist() == ["array", "PNG", "PIL image"]
    assert report.duplicates == [[0, 1, 2]]


def test_volumes(tmp_path):
    volume = nibabel.Nifti1Image(noise(shape=(8, 9, 7)).astype(np.int16), np.eye(4))
    nibabel.save(volume, tmp_path / "a.nii")
    nibabel.save(volume, tmp_path / "b.nii.gz")
    rows = check_images([tmp_path / "a.nii", tmp_path / "b.nii.gz"]).rows
    assert rows["format"].tolist() == ["NIfTI", "NIfTI"]
    assert rows["frames"].tolist() == [7, 7]
    assert rows["content"][0] != rows["content"][1]
    assert rows["pixels"][0] == rows["pixels"][1]


def test_each_image_is_read_once(folder, monkeypatch):
    looked_at, real = [], _image_facts.find_facts

    def spy(reader, cell, decode):
        looked_at.append(cell)
        return real(reader, cell, decode)

    monkeypatch.setattr("skfusion.reports._check_images.find_facts", spy)
    report = check_images(["a.png", "gray.tif"] * 50, ImageReader(folder))
    assert sorted(looked_at) == ["a.png", "gray.tif"]
    assert report.n_ok == 100


def test_memory_stays_flat(tmp_path, peak_memory):
    for i in range(40):
        Image.fromarray(noise(i, (400, 400, 3))).save(tmp_path / f"{i}.bmp")
    names = [f"{i}.bmp" for i in range(40)]
    report, peak = peak_memory(lambda: check_images(names, ImageReader(tmp_path)))
    assert report.n_ok == 40
    assert peak < 12_000_000  # all files together have 19


def test_large_files_are_not_held(folder, monkeypatch):
    expected = check_images(NAMES, ImageReader(folder)).rows
    monkeypatch.setattr(_image_facts, "_HELD_BYTES", 10)
    pd.testing.assert_frame_equal(check_images(NAMES, ImageReader(folder)).rows, expected)


def test_limits_and_roots_of_the_reader(folder):
    report = check_images(["a.png"], ImageReader(folder, max_pixels=100))
    assert report.broken["reason"].tolist() == [
        "16 x 12 pixels are more than max_pixels=100 of the reader"
    ]
    report = check_images(["../a.png"], ImageReader(folder, strict_root=True))
    assert "outside the reader's root" in report.broken["reason"][0]


class OwnReader:
    """A reader that is not an ImageReader."""

    def get_params(self, deep=True):
        return {}

    def probe(self, cell):
        return 2, 3, 1

    def read(self, cell):
        if cell == "bad":
            raise ValueError("this one is bad")
        return np.zeros((2, 3, 1), dtype=np.uint8)


def test_other_readers():
    report = check_images(["good", "bad"], OwnReader())
    assert report.rows["status"].tolist() == ["ok", "broken"]
    assert report.rows["reason"][1] == "this one is bad"


@pytest.mark.parametrize("X", ["a.png", b"abc"])
def test_one_cell_is_no_table(X):
    with pytest.raises(ValueError, match="is one cell; give a list of images"):
        check_images(X)


def test_the_reader_is_checked(folder):
    with pytest.raises(ValueError, match="'resample' parameter of ImageReader"):
        check_images(["a.png"], ImageReader(folder, resample="magic"))


def test_csv_is_written_as_a_whole(report, tmp_path, monkeypatch):
    path = tmp_path / "report.csv"
    report.to_csv(path)
    written = pd.read_csv(path)
    assert written["status"].tolist() == report.rows["status"].tolist()
    assert written.columns.tolist() == report.rows.columns.tolist()

    def fail(*args, **options):
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(OSError, match="no space left"):
        report.to_csv(path)
    assert pd.read_csv(path).equals(written)
    assert list(tmp_path.glob("*part_*")) == []


def test_odd_files(shared_data):
    """Counts, for all of them, what reading one by one gives."""
    folder = shared_data / "data" / "odd_images"
    names = pd.read_csv(folder / "manifest.csv")["file"]
    report = check_images(names, ImageReader(folder))
    n_heif = 1 if find_spec("pillow_heif") else 0
    assert (report.n_ok, report.n_broken) == (280 + n_heif, 27 - n_heif)
    assert len(str(report).splitlines()) < 80
