"""Estimators that take numbers: skl2onnx converts them, with few exceptions."""

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import is_classifier, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils import get_tags

from skfusion.serving.graph._boosted_trees import convert_boosting
from skfusion.serving.graph._columns import Matrix
from skfusion.serving.graph._forests import FORESTS, convert_forest
from skfusion.serving.graph._graph_builder import DOUBLE, FLOAT
from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._prediction import Prediction
from skfusion.serving.graph._skl2onnx import to_part

_DUMMIES = (DummyClassifier, DummyRegressor)
_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def convert_transformer(g, estimator, matrix):
    """Return the columns of a transformer of numbers.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    estimator : estimator
        A fitted transformer of scikit-learn.

    matrix : Matrix
        What it gets.
    """
    _refuse(g, estimator, matrix)
    tensors = _add(g, estimator, matrix)
    width = np.asarray(_call(estimator.transform, matrix.width)).shape[1]
    return Matrix(g.cast(tensors[0], DOUBLE), width)


def convert_predictor(g, estimator, matrix):
    """Return what a classifier or a regressor of numbers predicts, as a Prediction."""
    if not hasattr(estimator, "predict"):
        raise NotConvertible(f"{type(estimator).__name__} has no predictions")
    _refuse(g, estimator, matrix)
    if isinstance(estimator, _DUMMIES):
        return _constant(g, estimator, matrix)
    if isinstance(estimator, _BOOSTING):
        return convert_boosting(g, estimator, matrix)
    if isinstance(estimator, FORESTS):
        return convert_forest(g, estimator, matrix)
    if is_classifier(estimator):
        return _classes(g, estimator, matrix)
    if not is_regressor(estimator):
        raise NotConvertible(f"{type(estimator).__name__} is no classifier and no regressor")
    values = g.cast(_add(g, estimator, matrix)[0], DOUBLE)
    n_axes = np.asarray(_call(estimator.predict, matrix.width)).ndim
    if n_axes == 1:
        return Prediction(g.op("Reshape", values, [-1]), kind="numbers")
    return Prediction(values, kind="numbers", n_outputs=-1)


def _classes(g, estimator, matrix):
    classes = estimator.classes_
    if isinstance(classes, list):
        raise NotConvertible(f"{type(estimator).__name__} predicts several columns of classes")
    label, values = _add(g, estimator, matrix)[:2]
    kind = "probabilities" if hasattr(estimator, "predict_proba") else "scores"
    if np.asarray(classes).dtype.kind not in "iuUO" or _is_wrapped(estimator):
        label = None
    return Prediction(g.cast(values, DOUBLE), np.asarray(classes), label, kind)


def _is_wrapped(estimator):
    """Return whether the converter numbers the classes of an estimator itself."""
    return type(estimator).__module__.startswith(("lightgbm", "xgboost"))


def _add(g, estimator, matrix):
    """Add an estimator to the graph and return its outputs."""
    part, dtype = to_part(estimator, matrix.width)
    tensor = g.cast(matrix.tensor, FLOAT) if dtype == FLOAT else matrix.tensor
    return g.merge(part, {part.graph.input[0].name: tensor})


def _constant(g, estimator, matrix):
    """Return a prediction that is the same for all rows."""
    if is_classifier(estimator):
        line = _call(estimator.predict_proba, matrix.width).astype(float)
    else:
        line = np.asarray(_call(estimator.predict, matrix.width), dtype=float).reshape(1, -1)
    shape = g.op("Concat", g.dim(matrix.tensor, 0), [line.shape[1]], axis=0)
    values = g.op("Expand", line, shape)
    if is_classifier(estimator):
        return Prediction(values, np.asarray(estimator.classes_))
    return Prediction(g.op("Squeeze", values, [1]), kind="numbers")


def _refuse(g, estimator, matrix):
    """Mark rows for which the estimator raises an error."""
    takes_all = isinstance(estimator, (*_DUMMIES, *_BOOSTING))
    if not takes_all and not type(estimator).__module__.startswith("lightgbm"):
        g.refuse(matrix.tensor, get_tags(estimator).input_tags.allow_nan)


def _call(method, width):
    """Return what a method makes of one row of zeros."""
    row = np.zeros((1, width))
    names = getattr(method.__self__, "feature_names_in_", None)
    if names is not None:
        row = pd.DataFrame(row, columns=names)
    with config_context(transform_output="default"):
        made = method(row)
    return made.toarray() if hasattr(made, "toarray") else np.asarray(made)
