"""Run ONNX graphs of whole models on the rows of a table."""

import json

import numpy as np
import pytest

try:
    import onnx
    import onnxruntime
except ImportError:  # `need_graphs` skips the tests
    onnx = onnxruntime = None


def need_graphs():
    """Skip the module of tests that calls it where an extra is not installed."""
    for package in ("onnx", "onnxruntime", "skl2onnx"):
        pytest.importorskip(package)


def metadata(graph):
    """Return what a graph says of itself."""
    return json.loads({prop.key: prop.value for prop in graph.metadata_props}["skfusion"])


def feeds(graph, X):
    """Return the rows of a table as the inputs of a graph."""
    found = {}
    for facts in metadata(graph)["inputs"]:
        name, kind = facts["name"], facts["kind"]
        if kind == "image":
            some = next(cell for cell in X[name] if cell is not None)
            cells = [some if cell is None else cell for cell in X[name]]
            found[name] = np.stack([np.atleast_3d(cell) for cell in cells])
        elif kind == "missing":
            found[name] = np.array([[cell is None] for cell in X[facts["of"]]])
        elif kind == "number":
            found[name] = X[[name]].to_numpy(float)
        elif kind == "date":
            micros = X[name].to_numpy("datetime64[us]")
            seconds = np.where(np.isnat(micros), np.nan, micros.astype(np.int64) / 1e6)
            found[name] = seconds[:, np.newaxis]
        else:
            texts = ["<NA>" if cell is None or cell != cell else str(cell) for cell in X[name]]
            found[name] = np.array(texts, dtype=object)[:, np.newaxis]
    return found


def session(graph):
    """Check a graph and start a session."""
    onnx.checker.check_model(graph, full_check=True)
    return onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def run(graph, X):
    """Return the outputs of a graph by name."""
    started = session(graph)
    names = [output.name for output in started.get_outputs()]
    return dict(zip(names, started.run(None, feeds(graph, X)), strict=True))


def assert_agrees(model, graph, X, atol=1e-4):
    """Assert that a graph gives the answers of its model, and the labels that belong to them."""
    outputs = run(graph, X)
    for name, method in (
        ("probabilities", "predict_proba"),
        ("numbers", "predict"),
        ("features", "transform"),
    ):
        if name in outputs:
            expected = np.asarray(getattr(model, method)(X))
            np.testing.assert_allclose(outputs[name], expected, rtol=1e-4, atol=atol)
    if "label" in outputs:
        assert outputs["label"].tolist() == model.predict(X).tolist()
    return outputs
