"""scikit-learn's global settings change what users get, not what is computed inside."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    FusionClassifier,
    ImageBlock,
    PixelFlattener,
    TableEncoder,
    make_fusion_pipeline,
)
from tests.fusion.conftest import CLASSIFIERS, classifier, regressor

SETTINGS = [
    {"transform_output": "pandas"},
    {"transform_output": "polars"},
    {"enable_metadata_routing": True},
    {"transform_output": "pandas", "enable_metadata_routing": True},
]
setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: " ".join(each))
TYPES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


def frame_of(rows):
    frame, y = rows
    frame["note"] = [f"{'red' if i % 3 else 'blue'} shirt {i}" for i in range(80)]
    frame["seen"] = pd.date_range("2020-01-01", periods=80)
    frame["gap"] = np.where(np.arange(80) % 7, np.sin(np.arange(80)), np.nan)
    return frame, y


@setting
def test_a_classifier(rows, setting):
    frame, y = frame_of(rows)
    model = classifier(strategy="stacked", cv=2)
    expected = model.fit(frame, y).predict_proba(frame)
    with sklearn.config_context(**setting):
        inside = model.predict_proba(frame)
        fitted = sklearn.clone(model).fit(frame, y)
        assert isinstance(inside, np.ndarray)
        np.testing.assert_array_equal(fitted.predict_proba(frame), expected)
    np.testing.assert_array_equal(inside, expected)
    np.testing.assert_array_equal(fitted.predict_proba(frame), expected)


@setting
def test_a_regressor(rows, setting):
    frame, _ = frame_of(rows)
    model = regressor(strategy="early", estimators=None, cv=2, n_jobs=2)
    expected = model.fit(frame, frame["age"]).predict(frame)
    with sklearn.config_context(**setting):
        np.testing.assert_array_equal(
            sklearn.clone(model).fit(frame, frame["age"]).predict(frame), expected
        )


@setting
def test_embedders_of_several_steps(rows, setting):
    frame, y = rows
    embedder = make_pipeline(PixelFlattener(), StandardScaler())
    model = FusionClassifier(embedder, cv=2, estimators=CLASSIFIERS, random_state=0)
    expected = model.fit(frame, y).predict_proba(frame)
    with sklearn.config_context(**setting):
        np.testing.assert_array_equal(
            sklearn.clone(model).fit(frame, y).predict_proba(frame), expected
        )


@setting
@pytest.mark.parametrize("weighted", [False, True])
def test_a_table_encoder(rows, setting, weighted):
    table = frame_of(rows)[0].drop(columns="scan").set_index(np.arange(80) + 7)
    options = {"sample_weight": np.arange(80) % 3} if weighted else {}
    expected = TableEncoder().fit_transform(table, **options)
    with sklearn.config_context(**setting):
        encoder = TableEncoder().fit(table, **options)
        given = encoder.transform(table)
        at_once = TableEncoder().fit_transform(table, **options)
    np.testing.assert_array_equal(np.asarray(given), expected)
    np.testing.assert_array_equal(np.asarray(at_once), expected)
    container = setting.get("transform_output")
    if container:
        assert isinstance(given, TYPES[container])
        assert list(given.columns) == encoder.get_feature_names_out().tolist()
    if container == "pandas":
        assert given.index.equals(table.index)


@setting
def test_an_image_block(setting):
    features = np.random.default_rng(0).normal(size=(50, 8))
    expected = ImageBlock(3).fit_transform(features)
    with sklearn.config_context(**setting):
        np.testing.assert_array_equal(np.asarray(ImageBlock(3).fit_transform(features)), expected)


@setting
def test_a_fusion_pipeline(rows, setting):
    frame, y = frame_of(rows)
    model = make_fusion_pipeline(LogisticRegression(), embedder=PixelFlattener())
    expected = model.fit(frame, y).predict_proba(frame)
    with sklearn.config_context(**setting):
        fitted = sklearn.clone(model).fit(frame, y)
        np.testing.assert_allclose(fitted.predict_proba(frame), expected, atol=1e-6)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_of_a_part(rows, container):
    frame, y = rows
    expected = classifier().fit(frame, y).predict_proba(frame)
    model = classifier(table_transformer=TableEncoder().set_output(transform=container))
    model.set_params(embedder=PixelFlattener(missing="nan").set_output(transform=container))
    np.testing.assert_array_equal(model.fit(frame, y).predict_proba(frame), expected)
