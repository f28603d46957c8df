"""Trees and forests of scikit-learn in a graph."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.ensemble._forest import ForestClassifier, ForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skfusion.serving.graph._graph_builder import DOUBLE, FLOAT
from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._prediction import Prediction
from skfusion.serving.graph._trees import Trees

FORESTS = (ForestClassifier, ForestRegressor, DecisionTreeClassifier, DecisionTreeRegressor)


def convert_forest(g, estimator, matrix):
    """Return what a decision tree or a forest predicts."""
    if isinstance(getattr(estimator, "classes_", None), list):
        raise NotConvertible(f"{type(estimator).__name__} predicts several columns of classes")
    members = getattr(estimator, "estimators_", [estimator])
    first = members[0].tree_.value
    n_targets = first.shape[2] if is_classifier(estimator) else first.shape[1]
    trees = Trees(n_targets)
    for member in members:
        _add(trees, member.tree_, len(members))
    # scikit-learn compares values of float32 with thresholds of float64.
    rounded = g.cast(g.cast(matrix.tensor, FLOAT), DOUBLE)
    values = trees.sums(g, rounded)
    if is_classifier(estimator):
        return Prediction(values, estimator.classes_)
    if n_targets == 1:
        return Prediction(g.op("Squeeze", values, [1]), kind="numbers")
    return Prediction(values, kind="numbers", n_outputs=n_targets)


def _add(trees, tree, n_members):
    """Add a tree, which counts as one of several."""
    sides = zip(
        tree.children_left,
        tree.feature,
        tree.threshold,
        tree.children_right,
        tree.missing_go_to_left,
        strict=True,
    )
    nodes = [
        (True, 0, 0.0, 0, 0, 0) if left < 0 else (False, feature, threshold, left, right, nan_left)
        for left, feature, threshold, right, nan_left in sides
    ]
    values = tree.value.reshape(len(nodes), -1) / n_members
    leaves = np.argwhere((values != 0) & (tree.children_left < 0)[:, None])
    # ONNX Runtime needs an entry for each leaf, also where all values are 0.
    empty = np.flatnonzero((tree.children_left < 0) & ~(values != 0).any(axis=1))
    trees.add_tree(
        nodes,
        [(i, target, values[i, target]) for i, target in leaves] + [(i, 0, 0.0) for i in empty],
    )
