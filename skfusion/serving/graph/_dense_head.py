"""DenseClassifier and DenseRegressor in a graph."""

import json

import numpy as np

from skfusion.heads._dense_classifier import DenseClassifier
from skfusion.serving.graph._graph_builder import DOUBLE, FLOAT, INT64
from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._prediction import Prediction


def convert_dense(g, head, matrix):
    """Return what a dense head predicts."""
    x = matrix.tensor
    if head.scaler_ is not None:
        x = g.op("Sub", x, head.scaler_.mean_.astype(np.float64).reshape(1, -1))
        x = g.op("Div", x, head.scaler_.scale_.astype(np.float64).reshape(1, -1))
    g.refuse(x, allow_nan=False)
    outputs = _layers(g, head.network_, x)
    if isinstance(head, DenseClassifier):
        return _classes(g, head, outputs)
    if head._bin_means is not None:
        outputs = g.op("MatMul", outputs, np.asarray(head._bin_means, dtype=float).reshape(-1, 1))
    else:
        scale, center = (np.asarray(each, dtype=float) for each in (head._scale, head._center))
        outputs = g.op("Add", g.op("Mul", outputs, scale), center)
    if head._is_1d:
        return Prediction(g.op("Squeeze", outputs, [1]), kind="numbers")
    return Prediction(outputs, kind="numbers", n_outputs=head.n_outputs_)


def _classes(g, head, outputs):
    if not head._is_multilabel:
        return Prediction(outputs, head.classes_)
    label = g.cast(g.op("Greater", outputs, 0.5), INT64)
    return Prediction(outputs, head.classes_, label, is_multilabel=True)


def _layers(g, network, x):
    """Return the outputs of a DenseNetwork, as its method `compute` does."""
    weights = iter([array.astype(np.float64) for array in network.weights])
    for layer in json.loads(network.config)["config"]["layers"]:
        kind, config = layer["class_name"], layer["config"]
        if kind == "Dense":
            x = g.op("Add", g.op("MatMul", x, next(weights)), next(weights))
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (next(weights) for _ in range(4))
            scale = gamma / np.sqrt(variance + config["epsilon"])
            x = g.op("Add", g.op("Mul", x, scale), beta - mean * scale)
        if "activation" in config:
            x = _activate(g, config["activation"], x)
    return x


def _activate(g, name, x):
    if name == "linear":
        return x
    if name == "softmax":
        return g.op("Softmax", x, axis=1)
    if name == "silu":
        return g.op("Mul", x, _sigmoid(g, x))
    if name == "sigmoid":
        return _sigmoid(g, x)
    if name == "tanh":
        return g.op("Tanh", x)
    if name == "relu":
        return g.op("Max", x, 0.0)
    if name == "gelu":
        return _gelu(g, x)
    if name in ("elu", "selu"):
        return _elu(g, x, *((1.6732632423543772, 1.0507009873554805) if name == "selu" else (1, 1)))
    raise NotConvertible(f"a dense layer has the activation {name!r}")


def _sigmoid(g, x):
    return g.op("Div", 1.0, g.op("Add", 1.0, g.op("Exp", g.op("Neg", x))))


def _gelu(g, x):
    """Return the exact GELU; ONNX Runtime has the error function for float32 alone."""
    erf = g.cast(g.op("Erf", g.cast(g.op("Div", x, float(np.sqrt(2))), FLOAT)), DOUBLE)
    return g.op("Mul", g.op("Mul", 0.5, x), g.op("Add", 1.0, erf))


def _elu(g, x, alpha, scale):
    below = g.op("Sub", g.op("Exp", g.op("Min", x, 0.0)), 1.0)
    values = g.op("Where", g.op("Greater", x, 0.0), x, g.op("Mul", float(alpha), below))
    return g.op("Mul", float(scale), values)
