"""The command `skfusion compare`."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion import FusionClassifier, ImageDescriptors, ImageReader, compare
from skfusion.cli import main
from tests.fusion.conftest import make_rows

FAST = ("--backbone", "descriptors", "--cv", 2, "--repeats", 1, "--quiet")
CONCAT = ("--model", "concat", "--model", "constant")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table beside its images."""
    folder = tmp_path_factory.mktemp("ward")
    frame, labels = make_rows(40, table=1.0, image=3.0)
    (folder / "photos").mkdir()
    for row, scan in enumerate(frame["scan"]):
        Image.fromarray(np.kron(scan, np.ones((4, 4), "uint8"))).save(folder / f"photos/{row}.png")
    paths = [f"photos/{row}.png" for row in range(40)]
    frame = frame.assign(scan=paths, sick=labels, ward=np.arange(40) // 4)
    frame.to_csv(folder / "table.csv", index=False)
    frame.assign(age=np.arange(40)).to_csv(folder / "aged.csv", index=False)
    frame.assign(scan=["photos/none.png", *paths[1:]]).to_csv(folder / "broken.csv", index=False)
    frame.assign(sick=[None, *labels[1:]]).to_csv(folder / "unknown.csv", index=False)
    return folder


def run(folder, *options, table="table.csv", target="sick"):
    words = ["compare", str(folder / table), "--target", target, *FAST, *options]
    return main([str(word) for word in words])


def test_text_page_and_data(folder, tmp_path, capsys):
    page, data = tmp_path / "page.html", tmp_path / "data.json"
    files = ("--html", page, "--json", data)
    models = ("--model", "image", "--model", "concat")
    assert run(folder, "--image", "scan", "--group", "ward", *models, *files) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Comparison on table.csv\n40 rows of 10 groups, 2 splits; score: ROC AUC")
    assert err == ""
    held = json.loads(data.read_text(encoding="utf-8"))
    assert [line["estimator"] for line in held["scores"]] == ["image", "concat"]
    assert "<h1>Comparison on table.csv</h1>" in page.read_text(encoding="utf-8")


def test_it_is_the_comparison_of_the_library(folder, tmp_path):
    table = pd.read_csv(folder / "table.csv")
    embedder = ImageDescriptors(reader=ImageReader(folder), missing="nan")
    fusion = FusionClassifier(embedder, image_columns=["scan"], id_columns=["ward"])
    expected = compare(
        ["concat", "constant"], table.drop(columns="sick"), table["sick"], fusion=fusion, cv=2,
        n_repeats=1, random_state=3, scoring="accuracy",
    ).to_dict()  # fmt: skip
    data = tmp_path / "data.json"
    options = ("--id", "ward", "--seed", 3, "--scoring", "accuracy", "--json", data)
    assert run(folder, "--image", "scan", *CONCAT, *options) == 0
    found = json.loads(data.read_text(encoding="utf-8"))
    for part in ("split_scores", "differences", "protocol", "versions"):
        assert found[part] == expected[part]


@pytest.mark.parametrize(("low", "status"), [(0.1, 0), (0.0, 1), (-0.1, 1), (None, 0)])
def test_the_exit_status_says_whether_the_images_add_information(
    folder, monkeypatch, low, status, capsys
):
    from tests.reports.comparison.test_verdict import NOISE, TABLE, compare_scores

    if low is None:
        found = compare_scores({"a": TABLE, "b": TABLE - 0.1})
    else:
        scores = {"table": TABLE, "late": TABLE + low + NOISE / 10}
        found = compare_scores(scores, ["table", "both"])
    monkeypatch.setattr("skfusion.compare", lambda *_, **__: found)
    assert run(folder) == status
    assert capsys.readouterr().out == f"{found}\n"


def test_numbers_to_predict_and_a_progress_bar(folder, capsys):
    options = [word for word in FAST if word != "--quiet"]
    words = ["compare", folder / "aged.csv", "--target", "age", *options, *CONCAT]
    assert main([str(word) for word in words]) == 0
    out, err = capsys.readouterr()
    assert "score: R²" in out
    assert "compare: 100%" in err


def test_the_task_can_be_chosen(folder, capsys):
    assert run(folder, "--task", "regression", *CONCAT, target="ward") == 0
    assert "score: R²" in capsys.readouterr().out


def test_images_that_cannot_be_read(folder, tmp_path, capsys):
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit, match="2"):
        run(folder, *CONCAT, "--html", page, table="broken.csv")
    err = capsys.readouterr().err
    assert "'concat' (Pipeline) failed in split" in err
    assert "in X, row 0;" in err
    assert "no such file" in err
    assert "--unreadable missing" in err
    assert "--root" in err
    assert "corrupt=" not in err
    assert "ImageReader(" not in err
    assert not page.exists()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert run(folder, *CONCAT, "--unreadable", "missing", table="broken.csv") == 0
    err = capsys.readouterr().err
    assert err.count("row 0 (photos/none.png): no such file. They count as missing") == 1


def test_a_stop_writes_nothing(folder, tmp_path, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageDescriptors, "fit_transform", stop)
    with pytest.raises(SystemExit, match="130"):
        run(folder, *CONCAT, "--html", tmp_path / "page.html")
    assert capsys.readouterr().err.endswith("skfusion compare: stopped. No file was written.\n")
    assert list(tmp_path.iterdir()) == []


ERRORS = {
    "no table": ({"table": "nowhere.csv"}, (), "there is no table"),
    "no target": ({"target": "sik"}, (), "has no column 'sik' for --target"),
    "no image column": ({}, ("--image", "scans"), "has no column 'scans' for --image"),
    "no group": ({}, ("--group", "house"), "has no column 'house' for --group"),
    "unknown model": ({}, ("--model", "both", "--model", "late"), "'both' is no source or strat"),
    "empty target": ({"table": "unknown.csv"}, (), "1 of 40 rows have no target: row 0"),
    "no folder": ({}, ("--html", "nowhere/page.html"), "there is no folder"),
    "unknown score": ({}, ("--scoring", "auc"), "auc"),
    "no weights": ({}, ("--backbone", "MobileNet", "--weights", "no.h5", *CONCAT), "No weights"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(folder, name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places, options, message = ERRORS[name]
    with pytest.raises(SystemExit, match="2"):
        run(folder, *options, **places)
    err = capsys.readouterr().err
    assert err.startswith("skfusion compare: ")
    assert message in err


def test_the_help_describes_the_exit_status(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "exit status is 0 if the images add information" in shown
