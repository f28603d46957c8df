"""The score that strategies are compared by, and folds that leave rows out never or often."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss, make_scorer, mean_absolute_error, roc_auc_score
from sklearn.model_selection import RepeatedKFold, StratifiedKFold, TimeSeriesSplit

from tests.fusion.conftest import classifier, make_rows, regressor

# The loss that users score by.


def test_strategies_are_compared_by_the_score_of_the_user(rows):
    plain, ranked = classifier().fit(*rows), classifier(scoring="roc_auc").fit(*rows)
    assert "score" not in plain.strategy_scores_
    scores = ranked.strategy_scores_
    assert scores["loss"].tolist() == plain.strategy_scores_["loss"].tolist()
    assert scores["score"].between(0.4, 1).all()
    assert scores["difference"].to_numpy() == pytest.approx(scores["score"].max() - scores["score"])


def test_the_standard_error_of_an_area_under_a_curve():
    """As by the bootstrap."""
    frame, y = make_rows(200, table=0.8, image=0.3)
    seen = {}

    def score(model, X, y_true):
        chances = model.predict_proba(X)[:, 1]
        value = roc_auc_score(y_true, chances)
        if len(X) == 200:
            seen[value] = chances
        return value

    scores = classifier(scoring=score).fit(frame, y).strategy_scores_
    worst = scores["difference"].idxmax()
    best, other = seen[scores["score"].max()], seen[scores.loc[worst, "score"]]
    random, gaps = np.random.default_rng(0), []
    for _ in range(200):
        rows = random.integers(200, size=200)
        gaps.append(roc_auc_score(y[rows], best[rows]) - roc_auc_score(y[rows], other[rows]))
    assert scores.loc[worst, "standard_error"] == pytest.approx(np.std(gaps), rel=0.2)


def test_a_scorer_may_be_a_name_or_a_function(rows):
    frame, y = rows
    target = frame["age"] + np.where(y == "yes", 30.0, 0.0)
    seen = []

    def score(model, X, y):
        seen.append(len(X))
        return -mean_absolute_error(y, model.predict(X))

    fusion = regressor(scoring=score).fit(frame, target)
    named = regressor(scoring="neg_mean_absolute_error").fit(frame, target)
    pd.testing.assert_frame_equal(fusion.strategy_scores_, named.strategy_scores_)
    assert max(seen) == 80


def test_weights_and_labels_reach_the_scorer(rows):
    frame, y = rows
    given = []

    def score(y_true, probability, sample_weight):
        given.append((set(y_true), sample_weight.sum()))
        return -log_loss(y_true, probability, sample_weight=sample_weight)

    scorer = make_scorer(score, response_method="predict_proba")
    weights = np.where(np.arange(80) % 4 == 0, 2.0, 1.0)
    scores = classifier(scoring=scorer).fit(frame, y, sample_weight=weights).strategy_scores_
    assert given[0] == ({"no", "yes"}, 100)
    assert scores["score"].to_numpy() == pytest.approx(-scores["loss"])
    plain = classifier().fit(frame, y, sample_weight=weights).strategy_scores_
    assert (scores["difference"] - plain["difference"]).abs().max() < 1e-9


def test_a_class_of_one_row_does_not_stop_a_score(rows):
    frame, y = rows[0], np.append(rows[1][:-1], "rare")
    fusion = classifier(scoring="roc_auc_ovr_weighted").fit(frame, y)
    assert np.isfinite(fusion.strategy_scores_["standard_error"]).all()


@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "balanced_accuracy", "neg_log_loss"])
def test_scores_are_those_of_predictions_out_of_fold(rows, name):
    frame, y = rows
    fusion = classifier(scoring=name).fit(frame, y)
    scores = fusion.strategy_scores_
    if name == "accuracy":
        assert scores["score"].to_numpy() == pytest.approx(scores["accuracy"])
    if name == "neg_log_loss":
        assert scores["score"].to_numpy() == pytest.approx(-scores["loss"], rel=1e-6)
    assert scores["difference"].min() == pytest.approx(0)
    assert scores.loc[scores["difference"].idxmax(), "score"] == scores["score"].min()


def test_rows_of_a_group_are_one_block_of_a_score():
    """Copies of rows hold no information: the standard error stays, up to chance."""
    frame, y = make_rows(60, table=0.8, image=0.3)
    copies = pd.concat([frame] * 4, ignore_index=True)
    groups, y4 = np.tile(np.arange(60), 4), np.tile(y, 4)
    grouped = classifier(scoring="roc_auc").fit(copies, y4, groups=groups).strategy_scores_
    loose = classifier(scoring="roc_auc").fit(copies, y4).strategy_scores_
    worst = grouped["difference"].idxmax()
    ratio = grouped.loc[worst, "standard_error"] / loose.loc[worst, "standard_error"]
    assert ratio > 1.3


def test_the_scorer_is_a_parameter(rows):
    fusion = classifier(scoring="accuracy")
    assert fusion.get_params()["scoring"] == "accuracy"
    assert fusion.set_params(scoring=None).fit(*rows).strategy_scores_.columns[1] == "accuracy"


# Sources that hold nothing.


def choose(n_draws, **strengths):
    """Return the strategies that are chosen for so many draws of rows."""
    draws = [make_rows(90, **strengths, seed=seed) for seed in range(n_draws)]
    return [classifier(random_state=i).fit(*draw).strategy_ for i, draw in enumerate(draws)]


def test_images_of_noise_are_left_out():
    """In 19 of 20 draws at least, and in few rows."""
    assert choose(20, table=0.9, image=0.0).count("table") >= 19


def test_a_table_of_noise_is_left_out():
    assert choose(10, table=0.0, image=0.5).count("image") >= 9


def test_two_weak_sources_are_kept_in_few_rows():
    chosen = choose(10, table=0.6, image=0.25)
    assert sum(name not in ("table", "image") for name in chosen) >= 8


def test_a_weak_table_is_used_alone_beside_images_of_noise():
    """In half of the draws at least: so few rows do not prove its information."""
    assert choose(20, table=0.35, image=0.0).count("table") >= 10


# Folds that leave some rows out never, or several times.


def test_rows_in_the_order_of_time():
    """The first rows are in no test part; each model learns from earlier rows alone."""
    frame, y = make_rows(120, table=1.0, image=0.5)
    target = np.arange(120) + 10.0 * (y == "yes")
    frame["day"] = np.arange(120) / 7
    fusion = regressor(cv=TimeSeriesSplit(5)).fit(frame, target)
    assert fusion.verdict_.sources["n_rows"].tolist() == [100, 100]
    assert fusion.predict_interval(frame[:2]).shape == (2, 2)
    assert fusion.source_importance_["permuted"].notna().all()
    shuffled = regressor(cv=5).fit(frame, target)
    # A model that has seen later rows interpolates.
    assert fusion.strategy_scores_["r2"].max() < shuffled.strategy_scores_["r2"].max()


def test_repeated_folds_are_no_more_rows(rows):
    frame, y = rows
    once = classifier(cv=StratifiedKFold(4)).fit(frame, y)
    again = classifier(cv=[*StratifiedKFold(4).split(frame, y)] * 2).fit(frame, y)
    for name in ("loss", "difference", "standard_error"):
        # Copies of a row differ in nothing, but the optimizer of weights stops elsewhere.
        np.testing.assert_allclose(
            again.strategy_scores_[name], once.strategy_scores_[name], atol=1e-3
        )
    assert again.verdict_.sources["n_rows"].tolist() == [80, 80]
    np.testing.assert_allclose(again.predict_proba(frame), once.predict_proba(frame), atol=1e-3)
    assert (again.predict_set(frame) == once.predict_set(frame)).mean() > 0.97


def test_repeated_folds_by_a_splitter(rows):
    frame, y = rows
    fusion = classifier(cv=RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)).fit(frame, y)
    assert roc_auc_score(y, fusion.predict_proba(frame)[:, 1]) > 0.8


def test_classes_in_the_order_of_time(rows):
    frame, y = rows
    fusion = classifier(cv=TimeSeriesSplit(3), scoring="accuracy").fit(frame, y)
    assert fusion.verdict_.sources["n_rows"].tolist() == [60, 60]
    assert fusion.predict_set(frame, 0.8).any(axis=1).mean() > 0.9


def test_weights_of_rows_that_no_fold_tests_count_in_the_last_fit(rows):
    frame, y = rows
    target = frame["age"] + np.where(y == "yes", 30.0, 0.0)
    weights = np.where(np.arange(80) < 20, 3.0, 1.0)
    splits = list(TimeSeriesSplit(3).split(frame))
    plain = regressor(cv=splits).fit(frame, target)
    weighted = regressor(cv=splits).fit(frame, target, sample_weight=weights)
    assert splits[0][1][0] == 20
    assert (plain.predict(frame) != weighted.predict(frame)).any()


# Very many rows.


class Counting(Ridge):
    """A model that notes how many rows it learns from."""

    seen = []

    def fit(self, X, y, sample_weight=None):
        Counting.seen.append(len(X))
        return super().fit(X, y, sample_weight)


class Numbers(BaseEstimator):
    """An embedder in no time: one number of each image."""

    def fit(self, X, y=None):
        return self

    def fit_transform(self, X, y=None):
        return self.transform(X)

    def transform(self, X):
        return np.array([[cell[0, 0]] for cell in X.iloc[:, 0]], dtype=float)


@pytest.mark.parametrize("groups", [None, np.arange(22_000) // 2], ids=["rows", "groups"])
def test_of_very_many_rows_inner_folds_get_a_sample(groups):
    frame, _ = make_rows(100)
    frame = pd.concat([frame[["age", "scan"]]] * 220, ignore_index=True)
    Counting.seen = []
    models = {name: Counting() for name in ("table", "image", "joint")}
    fusion = regressor(estimators=models, cv=2).set_params(embedder=Numbers())
    fusion.fit(frame, frame["age"].to_numpy(), groups=groups)
    inner, last = Counting.seen[:6], Counting.seen[6:]
    assert max(inner) <= 10_002
    assert set(last) == {22_000}
    assert fusion.verdict_.sources["n_rows"].max() in range(19_990, 20_011)
