"""Models of numbers in a graph: scikit-learn's, LightGBM's and dense heads."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skfusion import DenseClassifier, DenseRegressor, TrainingOptions, to_onnx
from tests.graph_for_tests import assert_agrees, metadata, need_graphs, run

need_graphs()

NUMBERS, Y = make_classification(90, 6, n_informative=4, n_classes=3, random_state=0)
X = pd.DataFrame(NUMBERS.astype(np.float32).astype(float), columns=list("abcdef"))
WITH_HOLES = X.mask(np.random.default_rng(0).random(X.shape) < 0.1)
NAMES = np.array(["low", "middle", "high"])[Y]
NUMBER = np.exp(X["a"] + X["b"]).to_numpy()
FEW = {"n_estimators": 8, "random_state": 0}
DENSE = {"epochs": 2, "random_state": 0}


def linear():
    return LogisticRegression()


CLASSIFIERS = {
    "logistic": linear(),
    "forest": RandomForestClassifier(**FEW),
    "extra_trees": ExtraTreesClassifier(**FEW),
    "tree": DecisionTreeClassifier(random_state=0),
    "boosting": GradientBoostingClassifier(**FEW),
    "histogram": HistGradientBoostingClassifier(max_iter=5),
    "perceptron": MLPClassifier((4,), max_iter=5000, random_state=0),
    "calibrated": CalibratedClassifierCV(linear(), cv=2),
    "voting": VotingClassifier(
        [("linear", linear()), ("trees", RandomForestClassifier(**FEW))],
        voting="soft",
        weights=[1, 2],
    ),
    "search": GridSearchCV(make_pipeline(StandardScaler(), linear()), {}, cv=2),
    "dummy": DummyClassifier(),
    "dense": DenseClassifier((5,), activation="gelu", **DENSE),
    "dense_selu": DenseClassifier((5,), activation="selu", batch_norm=True, **DENSE),
    "dense_silu": DenseClassifier((5, 4), activation="silu", standardize=False, **DENSE),
}
REGRESSORS = {
    "ridge": RidgeCV(),
    "forest": RandomForestRegressor(**FEW),
    "tree": DecisionTreeRegressor(random_state=0),
    "histogram": HistGradientBoostingRegressor(max_iter=5),
    "poisson": HistGradientBoostingRegressor(loss="poisson", max_iter=5),
    "voting": VotingRegressor([("linear", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))]),
    "dummy": DummyRegressor(),
    "dense_tanh": DenseRegressor((5,), activation="tanh", **DENSE),
    "dense_elu": DenseRegressor((5,), activation="elu", **DENSE),
    "dense_bins": DenseRegressor(options=TrainingOptions(target_bins=4), **DENSE),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    model = CLASSIFIERS[name].fit(X, NAMES)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    assert metadata(graph)["classes"] == ["high", "low", "middle"]


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name):
    model = REGRESSORS[name].fit(X, NUMBER)
    graph = to_onnx(model, "graph", units={"target": "dollars"})
    assert_agrees(model, graph, X)
    assert metadata(graph)["target_unit"] == "dollars"


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(**FEW),
        HistGradientBoostingClassifier(max_iter=5),
        HistGradientBoostingRegressor(max_iter=5),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("learned_from", [X, WITH_HOLES], ids=["numbers", "holes"])
def test_trees_send_nan_where_scikit_learn_does(model, learned_from):
    model.fit(learned_from, Y)
    assert_agrees(model, to_onnx(model, "graph"), WITH_HOLES)


@pytest.mark.parametrize(
    ("head", "refuses"),
    [(RandomForestClassifier(**FEW), True), (HistGradientBoostingClassifier(max_iter=5), False)],
    ids=["forest", "histogram"],
)
def test_infinite_numbers_are_refused_where_scikit_learn_does(head, refuses):
    model = head.fit(X, Y)
    graph = to_onnx(model, "graph")
    infinite = X[:4].copy()
    infinite.loc[[1, 2], "a"] = [np.inf, np.inf]
    if not refuses:
        assert_agrees(model, graph, infinite)
        return
    with pytest.raises(ValueError, match="infinity"):
        model.predict(infinite)
    refused = np.isnan(run(graph, infinite)["probabilities"]).all(axis=1)
    assert refused.tolist() == [False, True, True, False]


def test_two_classes():
    for head in (HistGradientBoostingClassifier(max_iter=5), linear()):
        model = head.fit(X, Y == 1)
        outputs = assert_agrees(model, to_onnx(model, "graph"), X)
        assert outputs["label"].dtype == bool


def test_scores_of_a_model_without_probabilities():
    model = LinearSVC().fit(X, Y)
    outputs = assert_agrees(model, to_onnx(model, "graph"), X)
    np.testing.assert_allclose(outputs["scores"], model.decision_function(X), atol=1e-4)


def test_labels_by_a_threshold():
    model = FixedThresholdClassifier(linear(), threshold=0.8, pos_label=1).fit(X, Y // 2)
    outputs = assert_agrees(model, to_onnx(model, "graph"), X)
    assert (outputs["label"] != outputs["probabilities"].argmax(axis=1)).any()


def test_several_columns_of_numbers_and_labels():
    two = np.column_stack([NUMBER, -NUMBER])
    for head in (Ridge(), DenseRegressor(**DENSE), DecisionTreeRegressor(max_depth=3)):
        model = head.fit(X, two)
        assert assert_agrees(model, to_onnx(model, "graph"), X)["numbers"].shape == (90, 2)
    labels = np.column_stack([Y == 0, Y > 1]).astype(int)
    model = DenseClassifier(**DENSE).fit(X, labels)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    assert metadata(graph)["task"] == "multilabel"


def test_rows_with_nan_are_refused_as_in_python():
    for head in (linear(), DenseClassifier(**DENSE)):
        outputs = run(to_onnx(head.fit(X, Y), "graph"), WITH_HOLES)
        refused = np.isnan(outputs["probabilities"]).all(axis=1)
        assert refused.tolist() == WITH_HOLES.isna().any(axis=1).tolist()


def test_gradient_boosting_of_lightgbm():
    lightgbm = pytest.importorskip("lightgbm")
    pytest.importorskip("onnxmltools")
    few = {"n_estimators": 4, "min_child_samples": 5, "verbose": -1}
    classifier = lightgbm.LGBMClassifier(**few).fit(X, NAMES)
    assert_agrees(classifier, to_onnx(classifier, "graph"), X)
    regressor = lightgbm.LGBMRegressor(**few).fit(X, NUMBER)
    assert_agrees(regressor, to_onnx(regressor, "graph"), X)
