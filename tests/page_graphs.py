"""A small ONNX graph of a whole model, with the metadata of `to_onnx(form="graph")`."""

import json

import numpy as np
import pytest

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:  # `need_onnx` skips the tests
    onnx = None


def need_onnx():
    """Skip the module of tests that calls it where the extra is not installed."""
    pytest.importorskip("onnx")


CLASSES = ["left", "middle", "right"]
METADATA = {
    "format": 1,
    "task": "classification",
    "classes": CLASSES,
    "inputs": [
        {"name": "photo", "kind": "image", "height": None, "width": None,
         "missing_input": "photo_missing"},
        {"name": "photo_missing", "kind": "missing", "of": "photo"},
        {"name": "age", "kind": "number", "allows_missing": True, "unit": "years",
         "range": [18.0, 90.0], "median": 50.0, "integers": True},
        {"name": "dose", "kind": "number", "allows_missing": False, "unit": None, "range": None},
        {"name": "sex", "kind": "category", "categories": ["f", "m"], "missing": "<NA>",
         "allows_unknown": True},
        {"name": "visit", "kind": "date", "allows_missing": True, "range": [1.6e9, 1.7e9]},
    ],
    "outputs": [{"name": "label", "kind": "label"},
                {"name": "probabilities", "kind": "probabilities"}],
    "networks": [{"name": "Tiny", "weights_license": "Apache-2.0"}],
    "measured": {"source": "inner folds", "strategy": "stacked",
                 "scores": {"log_loss": 0.31, "loss": 0.3, "difference": 0.0}},
    "versions": {"skfusion": "0.1", "onnx": "1.17"},
}  # fmt: skip
_SIZE = 4  # pixels


def save_graph(path, metadata=METADATA, has_flag=True):
    """Write a model of an image, two numbers, a category and a date; the image may be missing.

    The image has any number of channels; they are filled up to 4 with 255. The model averages them
    over a grid, so that its answer depends on the position and the channel of each pixel.
    """
    node = helper.make_node
    weights = np.random.default_rng(0).normal(scale=0.4, size=(4 * _SIZE**2, 3))
    arrays = {
        "white": np.array(255, "float32"), "zero": np.array(0, "float32"),
        "start": np.array([0]), "stop": np.array([4]), "channels": np.array([3]),
        "size": np.array([_SIZE, _SIZE]), "flat": np.array([0, -1]),
        "pixel_weights": (weights / 255).astype("float32"),
        "age_mean": np.array([[50.0]]), "age_weights": np.array([[0.02, 0.0, -0.02]], "float32"),
        "dose_weights": np.array([[-0.5, 0.0, 0.5]], "float32"),
        "sex_weights": np.array([[1.0, 0.0, 0.0]], "float32"),
        "year": np.array([[3e7]]), "date_mean": np.array([[1.65e9]]),
        "date_weights": np.array([[0.0, 0.3, 0.0]], "float32"),
    }  # fmt: skip
    nodes = [
        node("Cast", ["photo"], ["floats"], to=TensorProto.FLOAT),
        node("Mul", ["floats", "zero"], ["zeros"]),
        node("Add", ["zeros", "white"], ["filled"]),
        node("Concat", ["floats", "filled", "filled", "filled"], ["many"], axis=3),
        node("Slice", ["many", "start", "stop", "channels"], ["four"]),
        node("Transpose", ["four"], ["planes"], perm=[0, 3, 1, 2]),
        node("Resize", ["planes", "", "", "size"], ["small"], axes=[2, 3], mode="linear",
             antialias=1),
        node("Reshape", ["small", "flat"], ["pixels"]),
        node("MatMul", ["pixels", "pixel_weights"], ["seen"]),
        node("Where", ["photo_missing", "zero", "seen"], ["from_photo"])
        if has_flag else node("Identity", ["seen"], ["from_photo"]),
        *_imputed("age", "age_mean"),
        *_imputed("visit", "date_mean"),
        node("Sub", ["visit_full", "date_mean"], ["centered"]),
        node("Div", ["centered", "year"], ["visit_years"]),
        node("LabelEncoder", ["sex"], ["sex_number"], domain="ai.onnx.ml",
             keys_strings=["f", "m", "<NA>"], values_floats=[-1.0, 1.0, 0.5], default_float=0.0),
        *_scaled("age_full", "age_weights"), *_scaled("visit_years", "date_weights"),
        *_scaled("dose", "dose_weights"), *_scaled("sex_number", "sex_weights"),
        node("Sum", ["from_photo", "from_age_full", "from_visit_years", "from_dose",
                     "from_sex_number"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
        node("ArgMax", ["probabilities"], ["best"], axis=1, keepdims=0),
        node("LabelEncoder", ["best"], ["label"], domain="ai.onnx.ml",
             keys_int64s=[0, 1, 2], values_strings=CLASSES),
    ]  # fmt: skip
    inputs = [
        ("photo", TensorProto.UINT8, ["rows", "height", "width", "channels"]),
        *([("photo_missing", TensorProto.BOOL, ["rows", 1])] if has_flag else []),
        *((name, TensorProto.DOUBLE, ["rows", 1]) for name in ("age", "dose")),
        ("sex", TensorProto.STRING, ["rows", 1]),
        ("visit", TensorProto.DOUBLE, ["rows", 1]),
    ]
    outputs = [
        ("label", TensorProto.STRING, ["rows"]),
        ("probabilities", TensorProto.FLOAT, ["rows", 3]),
    ]
    return save(path, nodes, inputs, outputs, arrays, metadata)


def _imputed(name, mean):
    node = helper.make_node
    return [
        node("IsNaN", [name], [f"{name}_empty"]),
        node("Where", [f"{name}_empty", mean, name], [f"{name}_full"]),
    ]


def _scaled(name, weights):
    node = helper.make_node
    return [
        node("Cast", [name], [f"{name}_float"], to=TensorProto.FLOAT),
        node("Mul", [f"{name}_float", weights], [f"from_{name}"]),
    ]


def save(path, nodes, inputs, outputs, arrays, metadata):
    """Check a graph and write it with its metadata, if there are any."""
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    if metadata is not None:
        helper.set_model_props(model, {"skfusion": json.dumps(metadata)})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def save_numbers_graph(path):
    """Write a model of a whole number and a text: 3 times the number, 0.5 more in the north.

    Its answer for negative numbers is NaN.
    """
    node = helper.make_node
    nodes = [
        node("Cast", ["count"], ["number"], to=TensorProto.FLOAT),
        node("Sqrt", ["number"], ["root"]),  # NaN for negative numbers
        node("Mul", ["root", "root"], ["square"]),
        node("Mul", ["square", "three"], ["tripled"]),
        node("LabelEncoder", ["place"], ["more"], domain="ai.onnx.ml",
             keys_strings=["north"], values_floats=[0.5], default_float=0.0),
        node("Add", ["tripled", "more"], ["numbers"]),
    ]  # fmt: skip
    metadata = {
        "format": 1,
        "task": "regression",
        "classes": None,
        "inputs": [
            {"name": "count", "kind": "number", "allows_missing": False, "range": None},
            {"name": "place", "kind": "category", "categories": None, "missing": None},
        ],
        "outputs": [{"name": "numbers", "kind": "numbers"}],
        "target_unit": "mm",
        "measured": None,
    }
    inputs = [("count", TensorProto.INT64, ["rows"]), ("place", TensorProto.STRING, ["rows"])]
    outputs = [("numbers", TensorProto.FLOAT, ["rows"])]
    return save(path, nodes, inputs, outputs, {"three": np.array([3], "float32")}, metadata)
