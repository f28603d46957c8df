"""The command `skfusion check`."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import skfusion
from skfusion.cli import main


def image(seed, shape=(6, 5, 3)):
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return Image.fromarray(values)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images" / "cats").mkdir(parents=True)
    for seed, name in enumerate(["a.png", "b.png", "cats/c.jpg"]):
        image(seed).save(tmp_path / "images" / name)
    (tmp_path / "images" / "notes.txt").write_text("no image")
    (tmp_path / "images" / ".hidden.png").write_text("no image")
    return tmp_path


@pytest.fixture
def table(folder):
    paths = ["images/a.png", "images/b.png", "images/cats/c.jpg", None]
    frame = pd.DataFrame({"id": [1, 2, 3, 4], "photo": paths, "note": list("wxyz")})
    frame.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def check(*arguments):
    return main(["check", *map(str, arguments)])


def test_a_table(table, capsys):
    assert check(table, "--image", "photo") == 0
    out, err = capsys.readouterr()
    assert out.startswith("Column 'photo': 4 rows\n  ok          3\n  missing     1\n")
    assert "check: 100%" in err


def test_columns_of_images_are_found(table, capsys):
    assert check(table, "--quiet") == 0
    out, err = capsys.readouterr()
    assert out.count("Column ") == 1
    assert "Column 'photo'" in out
    assert err == ""


@pytest.mark.parametrize("suffix", ["tsv", "csv.gz", "parquet"])
def test_other_tables(table, suffix, capsys):
    frame, path = pd.read_csv(table), table.with_name(f"other.{suffix}")
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep="\t" if suffix == "tsv" else ",", index=False)
    assert check(path, "--quiet") == 0
    assert "ok          3" in capsys.readouterr().out


def test_something_broken(table, capsys):
    (table.parent / "images" / "b.png").write_bytes(b"no image")
    assert check(table, "--quiet", "--image", "photo") == 1
    out = capsys.readouterr().out
    assert "row 1  images/b.png: no image format that Pillow reads" in out


def test_a_folder(folder, capsys):
    assert check(folder / "images", "--quiet") == 0
    out = capsys.readouterr().out
    assert "Column 'file': 3 rows" in out  # neither notes nor hidden files
    (folder / "images" / "d.jpeg").touch()
    assert check(folder / "images", "--quiet") == 1
    assert "d.jpeg: the file is empty" in capsys.readouterr().out


def test_numbers_as_names(folder, capsys):
    """A column of numbers is read as it is written."""
    image(0).save(folder / "007", format="PNG")
    (folder / "numbers.csv").write_text("photo\n007\n")
    assert check(folder / "numbers.csv", "--image", "photo", "--quiet") == 0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("values", [[41, 7, 3], [0.5, None, -1e-7]])
def test_a_column_of_numbers_is_no_column_of_images(folder, values, suffix, capsys):
    path = folder / f"ages.{suffix}"
    frame = pd.DataFrame({"Age": values})
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    with pytest.raises(SystemExit, match="2"):
        check(path, "--image", "Age")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"skfusion check: column 'Age' of {path} holds numbers, not images; name another "
        "column with --image\n"
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_of_gaps_is_no_column_of_numbers(folder, suffix, capsys):
    path = folder / f"gaps.{suffix}"
    frame = pd.DataFrame({"photo": [np.nan, np.nan], "id": [1, 2]})
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    assert check(path, "--image", "photo", "--quiet") == 0
    assert "missing     2" in capsys.readouterr().out


def test_root_and_limits(table, tmp_path, capsys):
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "table.csv"
    moved.write_bytes(table.read_bytes())
    assert check(moved, "--quiet") == 1
    assert f"Relative paths start from {moved.parent}: pass another root" in capsys.readouterr().out
    assert check(moved, "--quiet", "--root", tmp_path) == 0
    assert check(table, "--quiet", "--max-pixels", 10) == 1
    assert "5 x 6 pixels are more than max_pixels=10" in capsys.readouterr().out
    assert check(table, "--quiet", "--strict-root", "--root", tmp_path / "images/cats") == 1


def test_headers_only(table, capsys):
    path = table.parent / "images" / "b.png"
    image(0, (60, 60, 3)).save(path)
    path.write_bytes(path.read_bytes()[:-60])
    assert check(table, "--quiet", "--headers-only") == 0
    assert check(table, "--quiet") == 1


def test_rows_are_written(table, tmp_path, capsys):
    assert check(table, "--quiet", "--out", tmp_path / "report.csv") == 0
    rows = pd.read_csv(tmp_path / "report.csv")
    assert rows["status"].tolist() == ["ok", "ok", "ok", "missing"]
    assert rows["height"].tolist()[:3] == [6, 6, 6]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "there is no table or folder 'nowhere.csv'"),
        (["{}/images/notes.md"], "there is no table or folder"),
        (["{}/images/a.png"], r"has no extension of a table \(.csv, .tsv"),
        (
            ["{}/table.csv", "--image", "foto"],
            "has no column 'foto'; it has 'id'; 'photo'; 'note'",
        ),
        (["{}/table.csv", "--max-pixels", "0"], "'max_pixels' parameter of ImageReader"),
        (["{}/table.csv", "--out", "{}/no/such/folder/out.csv"], "no/such/folder"),
        (["{}/images", "--image", "photo"], "is a folder: --image names a column of a table"),
        (["{}/images", "--root", "{}"], "a folder is its own root"),
        (["{}/empty"], "there are no images below"),
        (["{}/plain.csv"], "no column of .* looks like paths of images; name one of"),
        (["{}/broken.parquet"], "skfusion check: "),
    ],
)
def test_wrong_use(table, arguments, message, capsys):
    folder = table.parent
    (folder / "empty").mkdir()
    (folder / "plain.csv").write_text("a,b\n1,2\n")
    (folder / "broken.parquet").write_bytes(b"no table")
    with pytest.raises(SystemExit, match="2"):
        check(*[argument.format(folder) for argument in arguments], "--quiet")
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(message, err)
    assert err.startswith("skfusion check: ")
    assert "Traceback" not in err


def test_stopped(table, monkeypatch, capsys):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(skfusion, "check_images", stopped)
    with pytest.raises(SystemExit, match="130"):
        check(table, "--quiet")
    assert capsys.readouterr().err == "\nskfusion check: stopped.\n"  # it begins anew


@pytest.mark.parametrize("arguments", [[], ["a.csv", "--max-pixels", "many"]])
def test_what_can_not_be_parsed(arguments, capsys):
    with pytest.raises(SystemExit) as info:
        check(*arguments)
    assert info.value.code == 2
