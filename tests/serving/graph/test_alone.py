"""A graph runs without skfusion, scikit-learn and Keras, and with weights of fewer bits."""

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import PretrainedGAP, to_onnx
from skfusion.datasets import make_image_table
from tests.graph_for_tests import feeds, metadata, need_graphs, onnx, run
from tests.models_for_tests import fit_model

need_graphs()

ALONE = """
import sys
import numpy as np
import onnxruntime

graph, rows, out = sys.argv[1:]
session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
with np.load(rows, allow_pickle=True) as file:
    outputs = session.run(None, {name: file[name] for name in file.files})
np.savez(out, **dict(zip([output.name for output in session.get_outputs()], outputs)))
present = {"skfusion", "sklearn", "keras", "tensorflow", "PIL", "pandas"} & set(sys.modules)
sys.exit(f"imported: {present}" if present else 0)
"""


def test_onnxruntime_and_numpy_are_enough(tmp_path):
    model, X, expected = fit_model("fusion_classifier")
    graph = to_onnx(model, "graph")
    onnx.save(graph, tmp_path / "model.onnx")
    np.savez(tmp_path / "rows.npz", **feeds(graph, X))
    files = [str(tmp_path / name) for name in ("model.onnx", "rows.npz", "out.npz")]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, *files], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "out.npz") as outputs:
        np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-4)
        assert outputs["label"].tolist() == model.predict(X).tolist()


@pytest.fixture(scope="module")
def photographs():
    """A model with 830,000 weights, and its rows."""
    data = make_image_table(24, image_size=(32, 32), random_state=0)
    X = data.frame[["image"]]
    gap = PretrainedGAP("MobileNet", weights=None, image_size=(32, 32))
    gap.set_params(backbone_options={"alpha": 0.5})
    return make_pipeline(gap, LogisticRegression(max_iter=1000)).fit(X, data.target), X


def test_weights_of_fewer_bits(photographs):
    model, X = photographs
    whole = to_onnx(model, "graph")
    expected = run(whole, X)["probabilities"]
    for precision, share, error in (("float16", 0.55, 0.01), ("int8", 0.32, 0.1)):
        graph = to_onnx(model, "graph", precision=precision)
        assert graph.ByteSize() < share * whole.ByteSize()
        np.testing.assert_allclose(run(graph, X)["probabilities"], expected, atol=error)
        assert metadata(graph)["precision"] == precision


def test_networks_and_versions_are_named(photographs):
    found = metadata(to_onnx(photographs[0], "graph"))
    (network,) = found["networks"]
    assert (network["name"], network["input"]) == ("MobileNet", [32, 32, 3])
    assert network["weights_license"] == "Apache-2.0"
    assert network["preprocessing"]["scale"] == pytest.approx(1 / 127.5)
    assert {"skfusion", "scikit-learn", "onnx", "pillow"} <= set(found["versions"])
    assert len(found["feature_names"]) == 512
    assert found["feature_names"][0] == "image_mobilenet_0000"
    assert json.dumps(found)
