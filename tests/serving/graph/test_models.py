"""to_onnx(form="graph"): every kind of model gives the same answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from skfusion import (
    FusionClassifier,
    FusionRegressor,
    JointFusionClassifier,
    JointFusionRegressor,
    PixelFlattener,
    TableEncoder,
    make_fusion_pipeline,
    to_onnx,
)
from skfusion.datasets import make_image_table
from tests.graph_for_tests import assert_agrees, metadata, need_graphs
from tests.models_for_tests import (
    JOINT,
    MODELS,
    TRANSFORMERS,
    fit_model,
    make_table,
    rows_for,
    tiny_gap,
)

need_graphs()

PYTHON_ONLY = {"descriptors", "bare_descriptors"}


@pytest.mark.parametrize("name", sorted({*MODELS, *TRANSFORMERS} - PYTHON_ONLY))
def test_every_model(name):
    model, X, _ = fit_model(name)
    assert_agrees(model, to_onnx(model, "graph"), rows_for(name, X))


@pytest.fixture(scope="module")
def rows():
    """Rows of every kind of column; some lack an image, a number, a word or a date."""
    X, y = make_table()
    odd = np.arange(24) % 7 == 3
    dates = pd.Series(pd.date_range("1999-12-20", periods=24, freq="77D"))
    X = X.assign(
        side=np.where(np.arange(24) % 5 == 1, None, X["side"]),
        hole=np.where(odd, np.nan, X["number_0"] + 1),
        seen=dates.where(~odd[::-1]),
    )
    X["image"] = pd.Series(
        [None if gone else cell for gone, cell in zip(odd, X["image"], strict=True)]
    )
    return X, y


def pixels():
    return PixelFlattener((4, 4), missing="nan")


# The strategy "stacked" combines all built-in models; the others have fast ones here.
@pytest.mark.parametrize("strategy", ["late", "stacked", "early"])
def test_classes_by_each_strategy(rows, strategy):
    X, y = rows
    fast = {name: LogisticRegression() for name in ("table", "image", "joint")}
    model = FusionClassifier(
        pixels(),
        strategy=strategy,
        estimators=None if strategy == "stacked" else fast,
        cv=2,
        random_state=0,
    ).fit(X, y)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    measured = metadata(graph)["measured"]
    assert measured["strategy"] == strategy
    assert list(measured["scores"]) == ["log loss", "accuracy"]


@pytest.mark.parametrize(
    ("strategy", "target_transform"), [("late", "quantile"), ("stacked", "log"), ("early", None)]
)
def test_numbers_by_each_strategy(rows, strategy, target_transform):
    X, _ = rows
    y = np.exp(2 * X["number_1"])
    model = FusionRegressor(
        pixels(),
        strategy=strategy,
        target_transform=target_transform,
        estimators={name: Ridge() for name in ("table", "image", "joint")},
        cv=2,
        random_state=0,
    )
    assert_agrees(model.fit(X, y), to_onnx(model, "graph"), X)


@pytest.mark.parametrize("columns", [["image"], ["number_0", "side", "hole"]], ids="-".join)
def test_one_source_alone(rows, columns):
    X, y = rows
    images = [name for name in columns if name == "image"]
    model = FusionClassifier(pixels(), image_columns=images, cv=2, random_state=0)
    model.fit(X[columns], y)
    assert_agrees(model, to_onnx(model, "graph"), X[columns])


@pytest.mark.parametrize("fusion", ["film", "cross_attention"])
def test_joint_networks(rows, fusion):
    X, y = rows
    model = JointFusionClassifier(fusion=fusion, **JOINT).fit(X, y)
    assert_agrees(model, to_onnx(model, "graph"), X)


def test_network_of_features_some_of_which_are_left_out():
    data = make_image_table(70, image_size=(8, 8), random_state=0)
    fast = {name: LogisticRegression() for name in ("table", "image", "joint")}
    embedder = PixelFlattener((8, 8))
    model = FusionClassifier(embedder, strategy="joint", estimators=fast, cv=2, random_state=0)
    model.fit(data.frame, data.target)
    assert_agrees(model, to_onnx(model, "graph"), data.frame)


def test_joint_network_on_a_fixed_backbone(rows):
    X, _ = rows
    model = JointFusionRegressor(fine_tune=None, **JOINT).fit(X, X["number_0"])
    assert_agrees(model, to_onnx(model, "graph"), X)


def test_joint_network_of_two_columns_of_images():
    X, y = make_table()
    X = X.assign(other=[cell[::-1].copy() for cell in X["image"]])
    model = JointFusionClassifier(**JOINT).fit(X, y)
    assert_agrees(model, to_onnx(model, "graph"), X)


@pytest.mark.parametrize("missing", ["zero", "mean", "nan"])
def test_rows_without_an_image(rows, missing):
    X, y = rows
    embedder = tiny_gap("pool2", missing=missing, add_indicator=True)
    model = make_fusion_pipeline(LogisticRegression(), embedder=embedder).fit(X, y)
    assert_agrees(model, to_onnx(model, "graph"), X)


def test_two_image_columns_and_two_networks():
    X, y = make_table(20)
    X = X.assign(other=[cell[::-1].copy() for cell in X["image"]])
    embedder = tiny_gap("pool2").set_params(backbone=["small_cnn", "small_cnn"])
    table = TableEncoder()
    model = make_fusion_pipeline(
        LogisticRegression(), embedder=embedder, table_transformer=table
    ).fit(X, y)
    graph = to_onnx(model, "graph")
    assert_agrees(model, graph, X)
    assert len(metadata(graph)["networks"]) == 2
