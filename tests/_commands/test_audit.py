"""The command `skfusion audit`."""

import json
import shutil

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import ImageReader, audit
from skfusion.cli import main
from tests.reports.audit.audit_rows import make_rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tables beside their images: without a leak, with a twin, and with a telltale column."""
    folder = tmp_path_factory.mktemp("ward")
    X, _ = make_rows(folder / "photos", n_rows=24)
    X["photo"] = [path.split(f"{folder}/")[1] for path in X["photo"]]
    table = X.assign(sick=np.arange(24) % 2, ward=np.arange(24) // 4, fold=np.arange(24) // 2 % 2)
    table.to_csv(folder / "table.csv", index=False)
    twin = table.copy()
    shutil.copy(folder / twin["photo"][0], folder / "photos" / "copy.jpg")
    twin.loc[21, "photo"] = "photos/copy.jpg"
    twin.to_csv(folder / "twin.csv", index=False)
    table.assign(result=table["sick"]).to_csv(folder / "result.csv", index=False)
    table.assign(photo=None).to_csv(folder / "empty.csv", index=False)
    table.assign(sick=[None, *table["sick"][1:]]).to_csv(folder / "unknown.csv", index=False)
    model = make_pipeline(
        make_column_transformer(("passthrough", ["age", "result"])), LogisticRegression()
    )
    joblib.dump(model, folder / "model.joblib")
    return folder


def run(folder, *options, table="table.csv", target="sick"):
    words = ["audit", folder / table, "--target", target, "--quiet", *options]
    return main([str(word) for word in words])


def test_nothing_grave(folder, capsys):
    assert run(folder) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Audit of 24 rows with 24 distinct images in 5 folds; no groups")
    assert "Nothing grave was found." in out
    assert err == ""


def test_something_grave(folder, capsys):
    assert run(folder, "--image", "photo", table="twin.csv") == 1
    out, _ = capsys.readouterr()
    assert "rows 0 and 21: same file (1.00), in two folds" in out


def test_groups_and_folds(folder, capsys):
    assert run(folder, "--group", "ward") == 0
    assert "6 groups were given" in capsys.readouterr().out
    assert run(folder, "--group", "ward", "--fold", "fold") == 1
    assert "in 2 folds; 6 groups" in capsys.readouterr().out


def test_page_and_data(folder, tmp_path, capsys):
    page, data = tmp_path / "audit.html", tmp_path / "audit.json"
    assert run(folder, "--html", page, "--json", data, "--cv", 3, table="twin.csv") == 1
    assert "<h1>Audit</h1>" in page.read_text(encoding="utf-8")
    held = json.loads(data.read_text(encoding="utf-8"))
    assert held["pairs"][0]["row_b"] == 21
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.html", "audit.json"]
    table = pd.read_csv(folder / "twin.csv")
    expected = audit(
        table.drop(columns="sick"), table["sick"], cv=3, reader=ImageReader(folder), random_state=0
    ).to_dict()
    for name in ("findings", "pairs", "groups", "protocol"):
        assert held[name] == expected[name]


def test_the_price(folder, capsys):
    assert run(folder, "--model", folder / "model.joblib", table="result.csv") == 1
    out, _ = capsys.readouterr()
    assert "Price\n  AUC 1.00, of which" in out
    assert "is column 'result'" in out


def test_another_root(folder, tmp_path, capsys):
    shutil.copy(folder / "table.csv", tmp_path / "table.csv")
    assert run(tmp_path, "--root", folder) == 0
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path)
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "None of the 24 images of column 'photo' can be read: row 0 (photos/" in err
    assert err.endswith("Name the folder of the paths with --root.\n")


def test_progress(folder, capsys):
    assert main(["audit", str(folder / "table.csv"), "--target", "sick"]) == 0
    assert "read: 100%" in capsys.readouterr().err


BAD = {
    "table": (["nowhere.csv"], "there is no table"),
    "target": (["table.csv", "--target", "ill"], "has no column 'ill' for --target"),
    "image": (["table.csv", "--image", "scan"], "has no column 'scan' for --image"),
    "group": (["table.csv", "--group", "who"], "has no column 'who' for --group"),
    "fold": (["table.csv", "--fold", "k"], "has no column 'k' for --fold"),
    "no target": (["unknown.csv"], "1 of 24 rows have no target: row 0"),
    "no images": (["empty.csv"], "No column of X looks like images"),
    "model": (["table.csv", "--model", "nowhere.joblib"], "there is no file"),
    "page": (["table.csv", "--html", "no/such/page.html"], "there is no folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_options(case, folder, capsys):
    (table, *options), message = BAD[case]
    with pytest.raises(SystemExit) as stopped:
        run(folder, *options, table=table)
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skfusion audit: ")
    assert message in err
    assert err.count("\n") == 1


def test_ctrl_c_leaves_no_file(folder, tmp_path, monkeypatch, capsys):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageReader, "read", stop)
    with pytest.raises(SystemExit) as stopped:
        run(folder, "--html", tmp_path / "page.html", "--json", tmp_path / "data.json")
    assert stopped.value.code == 130
    assert "skfusion audit: stopped. No file was written." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
