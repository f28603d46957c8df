"""`skfusion page`: what is written, where the runtime comes from, and files it can't use."""

import copy
import json
import os
import stat
import sys

import pytest

from skfusion import cli
from tests.page_for_tests import VERSION, write_package, write_page
from tests.page_graphs import METADATA, need_onnx, onnx, save_graph, save_numbers_graph

need_onnx()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a graph and an unpacked package."""
    folder = tmp_path_factory.mktemp("files")
    save_graph(folder / "model.onnx")
    write_package(folder / "package")
    return folder


@pytest.fixture
def fail(files, tmp_path, capsys):
    """A function that runs the command, which has to fail, and returns the message."""

    def run(model="model.onnx", *options, package="package"):
        own = [] if package is None else ["--runtime-from", str(files / package)]
        with pytest.raises(SystemExit, match="2"):
            cli.main(["page", str(files / model), "--out", str(tmp_path / "out"), *own, *options])
        assert not (tmp_path / "out" / "model.json").exists()
        return capsys.readouterr().err

    return run


def shown(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def test_what_is_written(files, tmp_path, capsys):
    page = write_page(
        files / "model.onnx", tmp_path / "a" / "page", "--runtime-from", files / "package"
    )
    # A web server is another user.
    assert {oct(each.stat().st_mode & 0o055) for each in [page, page / "runtime"]} == {"0o55"}
    assert all(each.stat().st_mode & 0o044 == 0o044 for each in page.rglob("*"))
    assert (page / "model.onnx").read_bytes() == (files / "model.onnx").read_bytes()
    assert {each.name for each in (page / "runtime").iterdir()} == {
        "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
    }  # fmt: skip
    data = shown(page)
    assert data["title"] == "Predict a class"
    assert data["bytes"] == (files / "model.onnx").stat().st_size
    assert [(each["name"], each["type"], each["rank"]) for each in data["inputs"]] == [
        ("photo", "uint8", 4), ("photo_missing", "bool", 2), ("age", "float64", 2),
        ("dose", "float64", 2), ("sex", "string", 2), ("visit", "float64", 2),
    ]  # fmt: skip
    assert ["Computed with", f"onnxruntime-web {VERSION} (MIT license)"] in data["facts"]
    printed = capsys.readouterr().out
    n_files = sum(each.is_file() for each in page.rglob("*"))
    assert f"{page}: {n_files} files, 0." in printed
    assert f"python -m http.server --bind 127.0.0.1 --directory {page}" in printed


def test_no_file_names_another_server(files, tmp_path):
    page = write_page(files / "model.onnx", tmp_path / "page", "--runtime-from", files / "package")
    for path in page.glob("*.*"):
        if path.suffix in (".html", ".js", ".css"):
            text = path.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", "")
            assert "//" not in text.replace("// ", ""), path.name
            assert "innerHTML" not in text
            assert " style=" not in text
    html = (page / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';" in html
    assert "connect-src 'self'" in html


def test_a_page_is_replaced_and_other_folders_are_not(files, tmp_path, fail):
    page = tmp_path / "page"
    write_page(files / "model.onnx", page, "--runtime-from", files / "package")
    save_numbers_graph(tmp_path / "number.onnx")
    write_page(
        tmp_path / "number.onnx", page, "--runtime-from", files / "package", "--title", "Rain"
    )
    assert shown(page)["title"] == "Rain"
    assert shown(page)["measured"] is None
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    assert "holds other files" in fail()
    (tmp_path / "out" / "thesis.txt").unlink()
    (tmp_path / "out").rmdir()
    (tmp_path / "out").touch()
    assert "is a file; name a folder" in fail()


def test_scores_of_a_report(files, tmp_path, fail):
    scores = [{"score": "roc_auc", "value": 0.91, "low": 0.85, "high": 0.95, "constant": 0.5}]
    protocol = {
        "rows": "given",
        "n_rows": 80,
        "n_folds": None,
        "n_groups": None,
        "confidence": 0.95,
    }
    report = {"model": {"classes": ["no", "yes"]}, "protocol": protocol, "scores": scores}
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    options = ("--runtime-from", files / "package", "--report", tmp_path / "report.json")
    measured = shown(write_page(files / "model.onnx", tmp_path / "page", *options))["measured"]
    assert measured["protocol"] == "Measured: the given model on 80 rows; 95% intervals"
    (score,) = measured["scores"]
    assert score.pop("meaning").startswith("probability that a row of a class is ranked above")
    assert score == {"name": "ROC AUC", "value": 0.91, "low": 0.85, "high": 0.95}
    (tmp_path / "report.json").write_text(json.dumps(report | {"scores": None}), encoding="utf-8")
    assert "the report has no scores" in fail(
        "model.onnx", "--report", str(tmp_path / "report.json")
    )
    assert "not a report" in fail("model.onnx", "--report", str(files / "model.onnx"))
    assert "not a report" in fail("model.onnx", "--report", str(tmp_path / "nothing.json"))


def without_metadata(metadata):
    return None


def of_another_format(metadata):
    return metadata | {"format": 2}


def of_features(metadata):
    return metadata | {"task": "transform"}


def of_another_input(metadata):
    metadata["inputs"][2]["name"] = "height"
    return metadata


def of_fewer_inputs(metadata):
    del metadata["inputs"][2]
    return metadata


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_metadata, "no metadata of skfusion. Make it with skfusion.to_onnx"),
        (of_another_format, "metadata of format 2"),
        (of_features, "features, no predictions"),
        (of_another_input, "other inputs than its metadata names"),
        (of_fewer_inputs, "other inputs than its metadata names"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_graphs_that_cannot_be_shown(change, words, files, fail):
    save_graph(files / "changed.onnx", change(copy.deepcopy(METADATA)))
    assert words in fail("changed.onnx")


def test_files_that_are_no_graph(files, fail):
    (files / "text.onnx").write_text("no graph", encoding="utf-8")
    assert "is not an ONNX file" in fail("text.onnx")
    assert "no such file" in fail("nothing.onnx")
    model = onnx.load(files / "model.onnx")
    onnx.save(
        model,
        files / "split.onnx",
        save_as_external_data=True,
        location="weights",
        size_threshold=0,
    )
    assert "weights in other files; save the model as one file" in fail("split.onnx")


def test_packages_that_are_not_the_runtime(files, fail):
    write_package(files / "old", version="1.2.3")
    found = fail(package="old")
    assert f"holds onnxruntime-web 1.2.3; the page needs onnxruntime-web {VERSION}" in found
    (files / "other.tgz").write_bytes(b"something else")
    assert f"other.tgz is not onnxruntime-web {VERSION} as npm publishes it" in fail(
        package="other.tgz"
    )
    assert "there is no package" in fail(package="nothing")
    (files / "empty").mkdir()
    assert "is not an unpacked npm package" in fail(package="empty")


@pytest.mark.skipif(os.name == "nt", reason="writes a script for a POSIX shell")
def test_npm_is_missing_or_fails(fail, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "npm was not found. Install Node.js, or pass" in fail(package=None)
    npm = tmp_path / "npm"
    code = "import sys; sys.exit('npm error code ENOTFOUND\\nnpm notice')"
    npm.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}"\n', encoding="utf-8")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    message = fail(package=None)
    assert message == (
        f"skfusion page: npm could not download onnxruntime-web {VERSION}: "
        "npm error code ENOTFOUND\n"
    )
