"""What is learned on inner folds, and from which rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GroupKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    CNNEmbedder,
    FeatureStore,
    FusionClassifier,
    FusionRegressor,
    ImageDescriptors,
)
from tests.fusion.conftest import CLASSIFIERS, classifier, make_rows
from tests.networks_for_tests import TinyCNN


class Spy(TransformerMixin, BaseEstimator):
    """An embedder that learns from rows, and notes which."""

    seen = []

    def fit(self, X, y=None):
        Spy.seen.append((len(X), None if y is None else len(y)))
        return self

    def transform(self, X):
        return np.stack([np.asarray(cell, dtype=float).ravel() for cell in X.iloc[:, 0]])


def test_an_embedder_that_learns_is_fitted_in_each_fold(rows):
    frame, y = rows
    Spy.seen = []
    FusionClassifier(Spy(), cv=4, estimators=CLASSIFIERS, random_state=0).fit(frame, y)
    assert sorted(Spy.seen) == [(60, 60)] * 4 + [(80, 80)]


def test_a_frozen_embedder_computes_each_image_once(rows, tmp_path):
    frame, y = rows
    store = FeatureStore(tmp_path / "store")
    embedder = ImageDescriptors(("intensity",), image_size=(8, 8))
    fusion = FusionClassifier(embedder, cache=store, cv=3, estimators=CLASSIFIERS, random_state=0)
    fusion.fit(frame, y)
    assert store.stats()["misses"] == 80
    fusion.fit(frame, y).predict(frame)
    assert store.stats()["misses"] == 80
    assert fusion.embedder.cache is None


def test_an_embedder_in_a_pipeline_gets_the_cache(rows, tmp_path):
    frame, y = rows
    store = FeatureStore(tmp_path / "store")
    embedder = make_pipeline(ImageDescriptors(("intensity",), image_size=(8, 8)), StandardScaler())
    FusionClassifier(embedder, cache=store, cv=3, estimators=CLASSIFIERS, random_state=0).fit(
        frame, y
    )
    assert store.stats()["misses"] == 80


def test_a_network_is_cross_fitted_and_gets_the_task(rows):
    frame, _ = rows
    embedder = CNNEmbedder(TinyCNN(), cut_layer="dense", epochs=1, early_stopping=False)
    fusion = FusionRegressor(embedder, cv=2, estimators={"joint": Ridge()}, random_state=0)
    fusion.fit(frame[:24], np.arange(24) % 3)
    fitted = fusion._sources.embedders["image"]
    assert fitted.cv == 2
    assert fitted.task == "regression"
    assert embedder.cv is None
    assert fusion.predict(frame[:2]).shape == (2,)


def test_groups_stay_together(rows):
    """Each patient has a label and an age at random: only a row of the same patient helps."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 4)
    y = random.integers(2, size=30)[groups]
    frame = pd.DataFrame({"age": random.normal(size=30)[groups] + 0.001 * random.normal(size=120)})
    forest = {"table": RandomForestClassifier(random_state=0)}
    loose = classifier(image_columns=[], estimators=forest).fit(frame, y)
    strict = classifier(image_columns=[], estimators=forest).fit(frame, y, groups=groups)
    assert loose.strategy_scores_.loc["table", "loss"] < 0.3
    assert strict.strategy_scores_.loc["table", "loss"] > 0.6


def test_groups_by_splitter(rows):
    frame, y = rows
    groups = np.arange(80) // 4
    fusion = classifier(cv=GroupKFold(3)).fit(frame, y, groups=groups)
    assert fusion.predict(frame).shape == (80,)


def test_three_classes_of_which_folds_lack_one():
    frame, y = make_rows(60, table=1.0, image=1.0)
    y = y.astype(object)
    y[:2] = "rare"
    fusion = classifier(cv=3).fit(frame, y)
    given = fusion.predict_proba(frame)
    assert given.shape == (60, 3)
    assert given.sum(axis=1) == pytest.approx(1)


def test_folds_by_default(rows):
    fusion, five = classifier(cv=None).fit(*rows), classifier(cv=5).fit(*rows)
    np.testing.assert_array_equal(fusion.predict_proba(rows[0]), five.predict_proba(rows[0]))
