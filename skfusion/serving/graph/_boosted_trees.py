"""Histogram gradient boosting of scikit-learn in a graph."""

from dataclasses import dataclass, field

import numpy as np
from sklearn.base import is_classifier

from skfusion.serving.graph._graph_builder import DOUBLE
from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._prediction import Prediction

_INVERSE_LINKS = {"IdentityLink": None, "LogLink": "Exp"}


@dataclass
class _Trees:
    """The attributes of an ONNX tree ensemble, node by node."""

    lists: dict[str, list] = field(default_factory=dict)

    def add(self, **values):
        """Append to each of the lists."""
        for name, value in values.items():
            self.lists.setdefault(name, []).append(value)


def convert_boosting(g, estimator, matrix):
    """Return what HistGradientBoostingClassifier or its regressor predicts."""
    if estimator._preprocessor is not None:
        raise NotConvertible(
            f"{type(estimator).__name__} has categorical_features; encode them before"
        )
    raw = _sum_of_trees(g, estimator, matrix.tensor)
    if not is_classifier(estimator):
        link = type(estimator._loss.link).__name__
        if link not in _INVERSE_LINKS:
            raise NotConvertible(f"{type(estimator).__name__} has the loss {estimator.loss!r}")
        function = _INVERSE_LINKS[link]
        raw = raw if function is None else g.op(function, raw)
        return Prediction(g.op("Squeeze", raw, [1]), kind="numbers")
    if estimator.n_trees_per_iteration_ == 1:
        positive = g.op("Div", 1.0, g.op("Add", 1.0, g.op("Exp", g.op("Neg", raw))))
        values = g.concat([g.op("Sub", 1.0, positive), positive])
    else:
        values = g.op("Softmax", raw, axis=1)
    return Prediction(values, estimator.classes_)


def _sum_of_trees(g, estimator, tensor):
    """Return raw predictions of shape (rows, trees of an iteration), as float64."""
    trees, number = _Trees(), 0
    for iteration in estimator._predictors:
        for target, predictor in enumerate(iteration):
            _add_tree(trees, number, target, predictor)
            number += 1
    thresholds = trees.lists.pop("nodes_values")
    weights = trees.lists.pop("target_weights")
    raw = g.op(
        "TreeEnsembleRegressor",
        tensor,
        domain="ai.onnx.ml",
        n_targets=estimator.n_trees_per_iteration_,
        nodes_values_as_tensor=_tensor(thresholds),
        target_weights_as_tensor=_tensor(weights),
        **trees.lists,
    )
    baseline = np.asarray(estimator._baseline_prediction, dtype=float).reshape(1, -1)
    return g.op("Add", g.cast(raw, DOUBLE), baseline)


def _tensor(values):
    from onnx import numpy_helper

    return numpy_helper.from_array(np.asarray(values, dtype=np.float64), "values")


def _add_tree(trees, number, target, predictor):
    """Add the nodes of one tree."""
    for i, node in enumerate(predictor.nodes):
        is_leaf = bool(node["is_leaf"])
        if not is_leaf and node["is_categorical"]:
            raise NotConvertible("gradient boosting has splits on categories")
        trees.add(
            nodes_treeids=number,
            nodes_nodeids=i,
            nodes_featureids=0 if is_leaf else int(node["feature_idx"]),
            nodes_modes="LEAF" if is_leaf else "BRANCH_LEQ",
            nodes_values=0.0 if is_leaf else float(node["num_threshold"]),
            nodes_truenodeids=0 if is_leaf else int(node["left"]),
            nodes_falsenodeids=0 if is_leaf else int(node["right"]),
            nodes_missing_value_tracks_true=int(not is_leaf and bool(node["missing_go_to_left"])),
            nodes_hitrates=1.0,
        )
        if is_leaf:
            trees.add(
                target_treeids=number,
                target_nodeids=i,
                target_ids=target,
                target_weights=float(node["value"]),
            )
