"""Weights of rows: a row of weight 2 counts as two rows, one of weight 0 as none."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, FusionClassifier, PixelFlattener, make_fusion_pipeline
from tests.fusion.conftest import classifier, make_rows, regressor
from tests.networks_for_tests import TinyCNN


def weighted_rows(n_rows=90, seed=0):
    """Rows of all kinds of columns, weights from 0 to 3, and folds of three."""
    frame, y = make_rows(n_rows, table=0.8, image=0.3, seed=seed)
    random = np.random.default_rng(seed)
    frame["weight"] = np.where(random.random(n_rows) < 0.2, np.nan, random.normal(size=n_rows))
    frame["city"] = random.choice(["Bonn", "Kiel", "Ulm", "Jena"], n_rows, p=[0.5, 0.4, 0.07, 0.03])
    frame["note"] = [f"{random.choice(['shirt', 'shoe'])} no {i % 45}" for i in range(n_rows)]
    frame["seen"] = pd.date_range("2020-01-01", periods=n_rows, freq="9D")
    weights = random.integers(0, 4, n_rows)
    return frame, y, weights, np.arange(n_rows) // 2 % 3


def folds_of(numbers):
    return [
        (np.flatnonzero(numbers != number), np.flatnonzero(numbers == number))
        for number in range(3)
    ]


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")
@pytest.mark.parametrize(
    ("strategy", "missing"), [("early", True), ("late", False), ("stacked", True), ("auto", False)]
)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_whole_weights_equal_repeated_rows(make, strategy, missing):
    """The copies of a row are in one inner fold, as the row is."""
    frame, y, weights, numbers = weighted_rows()
    target = y if make is classifier else frame["age"] / 10 + 3.0 * (y == "yes")
    if missing:
        frame["scan"] = frame["scan"].where(np.arange(len(frame)) % 5 > 0, None)
    repeated = np.repeat(np.arange(len(frame)), weights)
    weighted = make(strategy=strategy, cv=folds_of(numbers))
    weighted.fit(frame, target, sample_weight=weights)
    copied = make(strategy=strategy, cv=folds_of(numbers[repeated]))
    copied.fit(frame.iloc[repeated], np.asarray(target)[repeated])
    predict = "predict_proba" if make is classifier else "predict"
    given, expected = (getattr(model, predict)(frame) for model in (weighted, copied))
    np.testing.assert_allclose(given, expected, rtol=1e-3, atol=1e-4)
    columns = ["loss", "difference", "standard_error"]
    np.testing.assert_allclose(
        weighted.strategy_scores_[columns], copied.strategy_scores_[columns], rtol=0.01, atol=1e-4
    )
    assert weighted.strategy_ == copied.strategy_


def test_a_row_of_no_weight_changes_nothing(rows):
    """Neither its target, nor its cells, nor a value that no other row has."""
    frame, y = rows
    odd = pd.DataFrame({"age": [1e9], "scan": [np.full((4, 4), 255, np.uint8)], "sex": ["odd"]})
    longer, target = pd.concat([frame, odd], ignore_index=True), np.append(y, "odd")
    weighted = classifier(estimators=None).fit(longer, target, sample_weight=np.r_[np.ones(80), 0])
    plain = classifier(estimators=None).fit(frame, y)
    assert weighted.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(
        weighted.predict_proba(frame), plain.predict_proba(frame), rtol=1e-4, atol=1e-6
    )


def test_equal_weights_are_no_weights(rows):
    frame, y = rows
    plain = classifier(estimators=None).fit(frame, y)
    weighted = classifier(estimators=None).fit(frame, y, sample_weight=np.ones(80))
    np.testing.assert_allclose(
        weighted.predict_proba(frame), plain.predict_proba(frame), rtol=1e-4, atol=1e-6
    )


def test_weights_change_the_share_of_a_class(rows):
    frame, y = rows
    weights = np.where(y == "yes", 9.0, 1.0)
    chances = classifier(estimators=None).fit(frame, y, sample_weight=weights).predict_proba(frame)
    assert chances[:, 1].mean() > 0.7
    weights[y == "no"] = 1
    missing = classifier().fit(frame[["scan"]], y, sample_weight=weights)
    nothing = pd.DataFrame({"scan": [None, frame["scan"][0]]})
    assert missing.predict_proba(nothing)[0] == pytest.approx([0.1, 0.9])


@pytest.mark.parametrize("strategy", ["late", "stacked"])
def test_built_in_regressors_learn_from_weights(rows, strategy):
    frame, y = rows
    target = np.where(y == "yes", 10.0, 0.0)
    fusion = regressor(strategy=strategy, estimators=None)
    fusion.fit(frame, target, sample_weight=np.where(y == "yes", 30.0, 1.0))
    assert fusion.predict(frame).mean() > 7


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2),
    ],
    ids=["pipeline", "search"],
)
def test_weights_reach_models_inside_others(rows, model):
    frame, y = rows
    models = {name: model for name in ("table", "image", "joint")}
    weights = np.where(y == "yes", 9.0, 1.0)
    chances = (
        classifier(estimators=models).fit(frame, y, sample_weight=weights).predict_proba(frame)
    )
    assert chances[:, 1].mean() > 0.7


def test_a_model_without_weights_is_refused(rows):
    fusion = classifier(estimators={"image": KNeighborsClassifier()})
    with pytest.raises(ValueError, match=r"estimators\['image'\], a KNeighborsClassifier, has no"):
        fusion.fit(*rows, sample_weight=np.ones(80))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.full(80, -1.0), "[Nn]egative"),
        (np.ones(7), "shape"),
        (np.full(80, np.nan), "NaN"),
        (np.zeros(80), "0 in all rows|at least one non-zero"),
    ],
)
def test_wrong_weights_are_refused(rows, weights, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(*rows, sample_weight=weights)


class Recorder(TransformerMixin, BaseEstimator):
    """A transformer that records the weights and groups that it gets."""

    seen = []

    def fit(self, X, y=None, sample_weight=None, groups=None):
        Recorder.seen.append((len(X), len(sample_weight), None if groups is None else len(groups)))
        return self

    def fit_transform(self, X, y=None, sample_weight=None, groups=None):
        return self.fit(X, y, sample_weight, groups).transform(X)

    def transform(self, X):
        return np.stack([np.asarray(cell, dtype=float).ravel() for cell in X.iloc[:, 0]])


@pytest.mark.parametrize("steps", [[], [PCA(2)]])
def test_weights_and_groups_reach_the_embedder(rows, steps):
    frame, y = rows
    Recorder.seen = []
    embedder = make_pipeline(Recorder(), *steps) if steps else Recorder()
    models = {name: LogisticRegression() for name in ("table", "image", "joint")}
    fusion = FusionClassifier(embedder, cv=4, estimators=models, random_state=0)
    fusion.set_params(image_columns="scan")
    fusion.fit(frame, y, groups=np.arange(80) // 2, sample_weight=np.full(80, 2.0))
    assert sorted(Recorder.seen) == [(60, 60, 60)] * 4 + [(80, 80, 80)]


def test_weights_reach_the_table_transformer(rows):
    frame, y = rows
    frame = frame.drop(columns="sex")
    weights = np.where(np.arange(80) < 40, 3.0, 1.0)
    fusion = classifier(table_transformer=StandardScaler(), strategy="late")
    fusion.fit(frame, y, sample_weight=weights)
    shifted = frame.assign(age=frame["age"] + 5)
    expected = fusion.predict_proba(frame)
    fusion.fit(shifted, y, sample_weight=weights)
    np.testing.assert_allclose(fusion.predict_proba(shifted), expected, atol=1e-5)


def test_weights_reach_a_network():
    bright = pd.DataFrame({"scan": [np.full((8, 8), 40 * (i % 2), np.uint8) for i in range(24)]})
    embedder = CNNEmbedder(TinyCNN(), cut_layer="dense", epochs=1, random_state=0)
    models = {name: Ridge() for name in ("table", "image", "joint")}
    target, weights = np.arange(24.0), np.r_[np.ones(12), np.zeros(12)]
    fusion = regressor(estimators=models, cv=2).set_params(embedder=embedder)
    weighted = fusion.fit(bright, target, sample_weight=weights).predict(bright)
    np.testing.assert_allclose(fusion.fit(bright[:12], target[:12]).predict(bright), weighted)


# Routing


def test_weights_are_routed_to_a_fusion(rows):
    frame, y = rows
    weights = np.where(y == "yes", 9.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        fusion = classifier().set_fit_request(sample_weight=True, groups=True)
        fusion.set_score_request(sample_weight=True)
        params = {"sample_weight": weights, "groups": np.arange(80) // 2}
        results = cross_validate(
            fusion, frame, y, params=params, cv=2, return_estimator=True, error_score="raise"
        )
    for model in results["estimator"]:
        assert model.predict_proba(frame)[:, 1].mean() > 0.6


@pytest.mark.parametrize("model", [LogisticRegression(), make_pipeline(LogisticRegression())])
def test_weights_are_routed_through_a_fusion_pipeline(model):
    frame, y, weights, _ = weighted_rows()
    repeated = np.repeat(np.arange(len(frame)), weights)
    options = {"embedder": PixelFlattener(missing="nan"), "n_components": 5}
    made_without = make_fusion_pipeline(LogisticRegression(), **options)
    plain = make_fusion_pipeline(model, **options).fit(frame.iloc[repeated], y[repeated])
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_fusion_pipeline(model, **options).fit(frame, y, sample_weight=weights)
        np.testing.assert_allclose(
            routed.predict_proba(frame), plain.predict_proba(frame), rtol=1e-3, atol=1e-4
        )
        made_without.named_steps["model"].set_fit_request(sample_weight=True)
        made_without.fit(frame, y, sample_weight=weights)
    np.testing.assert_array_equal(made_without.predict_proba(frame), routed.predict_proba(frame))


def test_requests_of_the_user_are_kept(rows):
    frame, y = rows
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_fusion_pipeline(model, embedder=PixelFlattener())
        pipeline.fit(frame, y, sample_weight=np.where(y == "yes", 1000.0, 1.0))
    assert pipeline.predict_proba(frame)[:, 1].mean() == pytest.approx(0.5, abs=0.05)
