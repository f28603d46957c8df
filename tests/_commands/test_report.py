"""The command `skfusion report`."""

import json

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from skfusion import report
from skfusion.cli import main
from tests.reports.report_models import make_classifier, make_rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved model, and the table of its rows beside their images."""
    folder = tmp_path_factory.mktemp("ward")
    X, y = make_rows()
    (folder / "images").mkdir()
    for row, pixels in enumerate(X["image"]):
        Image.fromarray(pixels).save(folder / "images" / f"{row}.png")
    X["image"] = [str(folder / "images" / f"{row}.png") for row in range(80)]
    labels = np.array(["no", "yes"])[y]
    joblib.dump(make_classifier().fit(X, labels), folder / "model.joblib")
    joblib.dump(make_classifier().fit(X, labels.astype(object)), folder / "objects.joblib")
    table = X.assign(sick=labels, patient=np.arange(80) // 2)
    table.to_csv(folder / "table.csv", index=False)
    relative = table.assign(image=[f"images/{row}.png" for row in range(80)])
    relative.to_csv(folder / "relative.csv", index=False)
    return folder


def run(folder, table, *options):
    return main(["report", str(folder / "model.joblib"), str(folder / table), *map(str, options)])


def test_text_page_and_data(folder, tmp_path, capsys):
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    options = ("--target", "sick", "--row", 3, "--no-regions", "--out", page, "--json", data)
    assert run(folder, "table.csv", *options) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Report on model.joblib\nPipeline of ColumnTransformer, LogisticReg")
    assert "  accuracy" in out
    assert "row 3 (asked for)" in out
    assert err == ""
    held = json.loads(data.read_text(encoding="utf-8"))
    assert held["model"]["classes"] == ["no", "yes"]
    assert [one["row"] for one in held["explanations"]] == [3]
    assert "<h1>Report on model.joblib</h1>" in page.read_text(encoding="utf-8")


def test_it_is_the_report_of_the_library(folder, tmp_path):
    import pandas as pd

    table = pd.read_csv(folder / "table.csv")
    model = joblib.load(folder / "model.joblib")
    expected = report(model, table, table["sick"], rows=[], random_state=0).to_dict()
    data = tmp_path / "report.json"
    run(folder, "table.csv", "--target", "sick", "--no-explanations", "--json", data)
    found = json.loads(data.read_text(encoding="utf-8"))
    for part in ("scores", "confusion", "calibration", "predictions", "drift", "versions"):
        assert found[part] == expected[part]


def test_folds_groups_background_and_root(folder, capsys):
    options = ("--cv", 2, "--groups", "patient", "--no-explanations", "--title", "Ward 7")
    assert run(folder, "table.csv", "--target", "sick", *options) == 0
    out = capsys.readouterr().out
    assert out.startswith("Ward 7\n")
    assert "out-of-fold, 2 folds, 80 rows; 95% intervals over 40 groups" in out
    options = ("--background", folder / "relative.csv", "--root", folder, "--no-regions")
    assert run(folder, "relative.csv", *options) == 0
    assert "Drift: 0 of" in capsys.readouterr().out


def test_without_a_target(folder, capsys):
    assert run(folder, "table.csv", "--no-explanations") == 0
    assert "Scores:" not in capsys.readouterr().out


ERRORS = {
    "no table": (["nowhere.csv"], "there is no table"),
    "no column": (["table.csv", "--target", "dose2"], "has no column 'dose2' for --target"),
    "no row": (["table.csv", "--row", "80"], "Row 80 does not exist"),
    "no images": (["relative.csv", "--no-explanations"], "no such file"),
    "cv without a target": (["table.csv", "--cv", "2"], "cv needs y"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(folder, name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, message = ERRORS[name]
    with pytest.raises(SystemExit) as stop:
        run(folder, *arguments)
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("skfusion report: ")
    assert message in err


def test_files_that_are_no_models(folder, tmp_path, capsys):
    (tmp_path / "text.joblib").write_text("no model")
    joblib.dump(LogisticRegression(), tmp_path / "unfitted.joblib")
    joblib.dump({"a": 1}, tmp_path / "dict.joblib")
    for name, message in (
        ("nowhere.joblib", "there is no file"),
        ("text.joblib", "is no model that can be loaded here"),
        ("unfitted.joblib", "not fitted"),
        ("dict.joblib", "needs a fitted classifier or regressor, got a dict"),
    ):
        with pytest.raises(SystemExit):
            main(["report", str(tmp_path / name), str(folder / "table.csv")])
        assert message in capsys.readouterr().err


def test_the_help_warns_of_pickles(capsys):
    with pytest.raises(SystemExit):
        main(["report", "--help"])
    assert "can run any code" in " ".join(capsys.readouterr().out.split())
