"""What each strategy predicts, and which is chosen."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    cross_val_predict,
    cross_val_score,
)

from tests.fusion.conftest import classifier, make_rows, regressor

STRATEGIES = ["early", "late", "stacked", "auto"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_classes_by_each_strategy(rows, strategy):
    frame, y = rows
    fusion = classifier(strategy=strategy).fit(frame[:60], y[:60])
    probabilities = fusion.predict_proba(frame[60:])
    assert fusion.image_columns_ == ["scan"]
    assert fusion.table_columns_ == ["age", "sex"]
    assert fusion.classes_.tolist() == ["no", "yes"]
    assert probabilities.shape == (20, 2)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert roc_auc_score(y[60:], probabilities[:, 1]) > 0.7
    assert set(fusion.predict(frame[60:])) <= {"no", "yes"}
    assert strategy in ("auto", fusion.strategy_)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_numbers_by_each_strategy(rows, strategy):
    frame, y = rows
    target = frame["age"] / 10 + 3 * (y == "yes")
    fusion = regressor(strategy=strategy).fit(frame[:60], target[:60])
    assert fusion.predict(frame[60:]).shape == (20,)
    assert fusion.score(frame[60:], target[60:]) > 0.5


def test_whole_numbers_are_numbers_to_a_regressor(rows):
    frame, y = rows
    target = (y == "yes").astype(int)
    predictions = regressor().fit(frame, target).predict(frame)
    assert len(np.unique(predictions)) > 10


def test_both_sources_are_better_than_each():
    frame, y = make_rows(240, table=0.6, image=0.25)
    scores = {}
    for name, options in {
        "table": {"image_columns": []},
        "both": {"strategy": "stacked"},
    }.items():
        part = frame.drop(columns="scan") if name == "table" else frame
        scores[name] = cross_val_score(classifier(**options), part, y, scoring="roc_auc").mean()
    scores["image"] = cross_val_score(classifier(), frame[["scan"]], y, scoring="roc_auc").mean()
    assert scores["both"] > max(scores["table"], scores["image"]) + 0.02


@pytest.mark.parametrize(("table", "image", "better"), [(2.0, 0.0, "table"), (0.0, 2.0, "image")])
def test_an_uninformative_source_does_no_harm(table, image, better):
    frame, y = make_rows(120, table=table, image=image)
    fusion = classifier().fit(frame, y)
    losses = fusion.strategy_scores_["loss"]
    assert losses[fusion.strategy_] <= losses[better] + 0.01
    of_sources = fusion.source_importance_.loc[["table (all columns)", "scan"]]
    importance = of_sources.set_index("source")
    other = {"table": "image", "image": "table"}[better]
    assert abs(importance.loc[other, "permuted"]) < 0.02
    assert importance.loc[better, "permuted"] > 0.3
    assert importance.loc[better, "left_out"] > 0.3


def test_scores_of_the_strategies(rows):
    fusion = classifier().fit(*rows)
    scores = fusion.strategy_scores_
    assert set(scores.index) == {"table", "image", "early", "late", "stacked"}
    assert scores["chosen"].sum() == 1
    assert scores.loc[fusion.strategy_, "chosen"]
    assert scores["difference"].min() == 0
    assert scores["accuracy"].between(0.5, 1).all()


def test_the_built_in_models():
    frame, y = make_rows(60, table=1.0, image=0.5)
    fusion = classifier(estimators=None, cv=2).fit(frame, y)
    assert fusion.score(frame, y) > 0.8
    target = frame["age"] + np.where(y == "yes", 10.0, 0.0)
    assert regressor(estimators=None, cv=2).fit(frame, target).score(frame, target) > 0.6


def test_no_labels_leak_from_noise():
    """Random labels: nothing is to be found, so rows not seen are guessed by chance."""
    frame, _ = make_rows(150, table=0, image=0, seed=3)
    y = np.random.default_rng(0).integers(2, size=150)
    fusion = classifier(strategy="stacked").fit(frame, y)
    assert fusion.strategy_scores_["loss"].min() > np.log(2) - 0.03
    chances = cross_val_predict(fusion, frame, y, method="predict_proba")[:, 1]
    assert roc_auc_score(y, chances) < 0.65


def test_a_constant_model(rows):
    frame, y = rows
    same = {view: DummyClassifier() for view in ("table", "image", "joint")}
    fusion = classifier(estimators=same).fit(frame, y)
    assert fusion.predict_proba(frame[:1])[0] == pytest.approx([0.5, 0.5], abs=0.01)
