"""FusionClassifier and FusionRegressor in a graph, with every strategy."""

import numpy as np
from sklearn.base import is_classifier

from skfusion.fusion._combination import Combination
from skfusion.fusion._probability_stack import ProbabilityStack
from skfusion.serving.graph._columns import Matrix, as_matrix
from skfusion.serving.graph._graph_builder import DOUBLE, INT64
from skfusion.serving.graph._image_blocks import rotate
from skfusion.serving.graph._prediction import Prediction


def convert_fusion(g, model, columns, transform, predict):
    """Return what a fusion estimator predicts.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    model : FusionClassifier or FusionRegressor
        The fitted model.

    columns : list of Column
        The columns of X.

    transform, predict : callable
        The functions of `_convert` for the estimators inside.
    """
    by_name = dict(zip(model._input_columns, columns, strict=True))
    sources, models = model._sources, model._models
    blocks, has_image = {"rows": columns}, None
    if "table" in model._used_sources:
        table = [by_name[name] for name in sources.table_columns]
        made = transform(g, sources.table_transformer, table)
        blocks["table"] = _with_a_column(g, as_matrix(g, made))
    if "image" in model._used_sources:
        images = [by_name[name] for name in sources.image_columns]
        for name, embedder in sources.embedders.items():
            features = as_matrix(g, transform(g, embedder, images)).tensor
            found = _rows_with_images(g, features)
            has_image = found if has_image is None else g.op("And", has_image, found)
            if name in models.rotations_:
                rotation = models.rotations_[name]
                blocks[name] = Matrix(rotate(g, rotation, features), len(rotation.axes_))
    predictions = {
        name: [_one(g, models, fitted, blocks, predict) for fitted in fitted_models]
        for name, fitted_models in models.models_.items()
    }
    values = _combine(g, model, predictions, has_image)
    if model._n_classes is not None:
        return Prediction(values, model.classes_)
    target = model._models.target_
    return Prediction(_clip(g, g.op("Squeeze", values, [1]), target), kind="numbers")


def _rows_with_images(g, features):
    """Return which rows have the features of at least one image, as bool of shape (rows, 1)."""
    empty = g.op("ReduceMin", _as_float(g, g.op("IsNaN", features)), [1], keepdims=1)
    return g.op("Equal", empty, 0.0)


def _as_float(g, tensor):
    return g.cast(tensor, DOUBLE)


def _with_a_column(g, matrix):
    """Return a constant column where the table has none that varies, as the models need one."""
    if matrix.width:
        return matrix
    rows = next(iter(g.inputs))
    shape = g.op("Concat", g.dim(rows, 0), [1], axis=0)
    return Matrix(g.op("Expand", 0.0, shape), 1)


def _one(g, models, fitted, blocks, predict):
    """Return the predictions of one model, as float64 of two axes."""
    if fitted.blocks == ("rows",):
        made = predict(g, fitted.model, blocks["rows"])
    else:
        parts = [blocks[name] for name in fitted.blocks]
        matrix = Matrix(g.concat([part.tensor for part in parts]), sum(p.width for p in parts))
        made = predict(g, fitted.model, matrix)
    if not is_classifier(fitted.model):
        return _inverse_target(g, models.target_, g.op("Reshape", made.values, [-1, 1]))
    classes = made.classes if fitted.classes is None else fitted.classes
    if len(classes) == models.n_classes:
        return made.values
    columns = np.zeros((len(classes), models.n_classes))
    columns[np.arange(len(classes)), classes] = 1
    return g.op("MatMul", made.values, columns)


def _combine(g, model, predictions, has_image):
    """Return one prediction a row, as `combine` of the strategies does."""
    combined = _combination(g, model._combination, predictions)
    if has_image is None or model._combination.strategy == "table":
        return combined
    fallback = model._fallback
    if isinstance(fallback, Combination):
        fallback = _combination(g, fallback, predictions)
    else:
        fallback = np.asarray(fallback, dtype=float).reshape(1, -1)
    return g.op("Where", has_image, combined, fallback)


def _combination(g, combination, predictions):
    """Return what a Combination predicts."""
    members = [
        _sum(g, predictions[name], combination.model_weights_[name])
        for name in combination.feature_sets
    ]
    if combination.strategy == "late":
        members = [_sum(g, members, combination.source_weights_)]
    stack = combination.stack_
    if stack is None:
        return members[0]
    if isinstance(stack, ProbabilityStack):
        logs = [g.op("Log", g.op("Max", member, float(stack.floor))) for member in members]
        return g.op("Softmax", _sum(g, logs, stack.weights_), axis=1)
    centered = [g.op("Sub", member, float(stack.mean_)) for member in members]
    stacked = g.op("Add", _sum(g, centered, stack.weights_), float(stack.mean_))
    return _clip(g, stacked, stack)


def _sum(g, members, weights):
    terms = [
        g.op("Mul", member, float(weight)) for member, weight in zip(members, weights, strict=True)
    ]
    total = terms[0]
    for term in terms[1:]:
        total = g.op("Add", total, term)
    return total


def _clip(g, values, bounds):
    return g.op("Min", g.op("Max", values, float(bounds.low_)), float(bounds.high_))


def _inverse_target(g, target, numbers):
    """Return predictions in the unit of the targets, as `TargetTransform` does."""
    low, high = target.transform(np.array([target.low_, target.high_]))
    values = g.op("Min", g.op("Max", numbers, float(low)), float(high))
    if target.kind == "log":
        values = g.op("Max", g.op("Sub", g.op("Exp", values), float(target._shift)), 0.0)
    elif target.kind == "quantile":
        values = _interpolate(g, values, target._normal, target._values)
    return _clip(g, values, target)


def _interpolate(g, x, xs, ys):
    """Return values on the lines between points, whose places ascend."""
    if len(xs) == 1:
        return g.op("Add", g.op("Mul", x, 0.0), float(ys[0]))
    above = _as_float(g, g.op("GreaterOrEqual", x, np.asarray(xs[1:-1], dtype=float)[None, :]))
    index = g.cast(g.op("ReduceSum", above, [1], keepdims=0), INT64)
    slopes = np.diff(ys) / np.diff(xs)
    start, left, slope = (
        g.op("Gather", np.asarray(values, dtype=float)[:, None], index)
        for values in (xs[:-1], ys[:-1], slopes)
    )
    return g.op("Add", left, g.op("Mul", g.op("Sub", x, start), slope))
