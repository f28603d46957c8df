"""Histogram gradient boosting of scikit-learn in a graph."""

import numpy as np
from sklearn.base import is_classifier

from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._prediction import Prediction
from skfusion.serving.graph._trees import Trees

_INVERSE_LINKS = {"IdentityLink": None, "LogLink": "Exp"}


def convert_boosting(g, estimator, matrix):
    """Return what HistGradientBoostingClassifier or its regressor predicts."""
    if estimator._preprocessor is not None:
        raise NotConvertible(
            f"{type(estimator).__name__} has categorical_features; encode them before it"
        )
    raw = _raw_predictions(g, estimator, matrix.tensor)
    if is_classifier(estimator):
        if estimator.n_trees_per_iteration_ > 1:
            return Prediction(g.op("Softmax", raw, axis=1), estimator.classes_)
        positive = g.op("Div", 1.0, g.op("Add", 1.0, g.op("Exp", g.op("Neg", raw))))
        return Prediction(g.concat([g.op("Sub", 1.0, positive), positive]), estimator.classes_)
    link = type(estimator._loss.link).__name__
    if link not in _INVERSE_LINKS:
        raise NotConvertible(f"{type(estimator).__name__} has the loss {estimator.loss!r}")
    function = _INVERSE_LINKS[link]
    raw = raw if function is None else g.op(function, raw)
    return Prediction(g.op("Squeeze", raw, [1]), kind="numbers")


def _raw_predictions(g, estimator, tensor):
    """Return raw predictions of shape (rows, trees of an iteration), as float64."""
    trees = Trees(estimator.n_trees_per_iteration_)
    for iteration in estimator._predictors:
        for target, predictor in enumerate(iteration):
            nodes = predictor.nodes
            trees.add_tree(
                [_node(node) for node in nodes],
                [(i, target, node["value"]) for i, node in enumerate(nodes) if node["is_leaf"]],
            )
    baseline = np.asarray(estimator._baseline_prediction, dtype=float).reshape(1, -1)
    return g.op("Add", trees.sums(g, tensor), baseline)


def _node(node):
    if node["is_leaf"]:
        return True, 0, 0.0, 0, 0, 0
    names = ("feature_idx", "num_threshold", "left", "right", "missing_go_to_left")
    return False, *(node[name] for name in names)
