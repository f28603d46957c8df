"""The command `skfusion export`."""

import joblib
import pytest

from skfusion.cli import main
from tests.graph_for_tests import assert_agrees, metadata, need_graphs, onnx
from tests.models_for_tests import fit_model

need_graphs()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved model and the table that it learned from."""
    folder = tmp_path_factory.mktemp("export")
    model, X, _ = fit_model("pixels")
    joblib.dump(model, folder / "model.joblib")
    X.drop(columns="image").to_csv(folder / "rows.csv", index=False)
    return folder


def test_a_graph_is_written(folder, capsys):
    out = folder / "model.onnx"
    options = ["--background", str(folder / "rows.csv"), "--unit", "number_0=cm", "--form", "graph"]
    assert main(["export", str(folder / "model.joblib"), "--out", str(out), *options]) == 0
    assert "from image, image_missing, number_0, number_1 to label, prob" in capsys.readouterr().out
    graph = onnx.load(out)
    model, X, _ = fit_model("pixels")
    assert_agrees(model, graph, X)
    number = next(facts for facts in metadata(graph)["inputs"] if facts["name"] == "number_0")
    assert number["unit"] == "cm"
    assert number["range"] == pytest.approx([X["number_0"].min(), X["number_0"].max()])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("none.joblib", [], "there is no file"),
        ("model.joblib", ["--unit", "cm"], "not of the form COLUMN=UNIT"),
        ("odd.joblib", [], "can't become one ONNX graph"),
    ],
    ids=["file", "unit", "model"],
)
def test_errors_are_one_message(folder, capsys, name, options, message):
    joblib.dump(fit_model("descriptors")[0], folder / "odd.joblib")
    out = folder / "not.onnx"
    with pytest.raises(SystemExit, match="2"):
        main(["export", str(folder / name), "--out", str(out), *options])
    assert message in capsys.readouterr().err
    assert not out.exists()
