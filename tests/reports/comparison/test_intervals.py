"""Scores, paired differences and their intervals."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.model_selection import KFold, ShuffleSplit

from skfusion import compare
from tests.reports.comparison.fixed_scores import Fixed, compare_scores, make_rows, read_score

A = (0.8, 0.9, 0.7, 0.85, 0.75)
B = (0.7, 0.85, 0.72, 0.8, 0.6)


@pytest.fixture(scope="module")
def found():
    return compare_scores({"a": A, "b": B, "c": A[::-1]})


def test_scores_are_means_over_splits(found):
    assert found.scores["mean"].to_dict() == pytest.approx({"a": 0.8, "b": 0.734, "c": 0.8})
    assert found.scores.loc["b", "std"] == pytest.approx(np.std(B, ddof=1))
    assert found.split_scores["a"].tolist() == list(A)
    assert found.split_scores.shape == (5, 3)


def test_the_interval_is_that_of_nadeau_and_bengio(found):
    """The variance over 5 splits times 1/5 + 20/80, and 4 degrees of freedom."""
    gaps = np.subtract(A, B)
    error = np.sqrt((1 / 5 + 20 / 80) * np.var(gaps, ddof=1))
    line = found.differences.loc[("a", "b")]
    assert line["difference"] == pytest.approx(gaps.mean())
    assert line["low"] == pytest.approx(gaps.mean() - 2.776445 * error)
    assert line["high"] == pytest.approx(gaps.mean() + 2.776445 * error)
    assert line["p_value"] == pytest.approx(2 * t.sf(gaps.mean() / error, 4))


def test_the_interval_of_a_mean(found):
    error = np.sqrt((1 / 5 + 20 / 80) * np.var(B, ddof=1))
    line = found.scores.loc["b"]
    assert line["low"] == pytest.approx(np.mean(B) - t.ppf(0.975, 4) * error)
    assert line["high"] - line["mean"] == pytest.approx(line["mean"] - line["low"])


def test_both_orders_of_a_pair_agree(found):
    assert len(found.differences) == 6
    for first, second in itertools.combinations("abc", 2):
        one, other = found.differences.loc[(first, second)], found.differences.loc[(second, first)]
        assert one["difference"] == -other["difference"]
        assert one["low"] == pytest.approx(-other["high"])
        assert one["p_value"] == pytest.approx(other["p_value"])


def test_the_interval_is_wider_where_splits_share_more_training_rows():
    """Many tested rows beside few to fit on: more variance than that over splits shows."""
    X, y = make_rows()
    models = {"a": Fixed(A), "b": Fixed(B)}
    rows, widths = np.arange(100), []
    for n_train in (80, 40, 20):
        splits = [(np.setdiff1d(rows, test)[:n_train], test) for test in np.split(rows, 5)]
        line = compare(models, X, y, cv=splits, scoring=read_score).differences.loc[("a", "b")]
        widths.append(line["high"] - line["low"])
    assert np.array(widths) / widths[0] == pytest.approx(
        np.sqrt(np.array([0.2 + 0.25, 0.2 + 0.5, 0.2 + 1]) / 0.45)
    )


def test_estimators_that_agree_in_all_splits_have_no_difference():
    line = compare_scores({"a": A, "b": A}).differences.loc[("a", "b")]
    assert line.tolist() == [0, 0, 0, 1]


def test_the_same_difference_in_all_splits_is_not_certain():
    """The deviation is taken to be one row in a test part of 20."""
    b = np.subtract(A, 0.1)
    line = compare_scores({"a": A, "b": b}).differences.loc[("a", "b")]
    margin = t.ppf(0.975, 4) * (1 / 20) * np.sqrt(1 / 5 + 1 / 4)
    assert line["difference"] == pytest.approx(0.1)
    assert line["high"] - line["difference"] == pytest.approx(margin)
    assert 0 < line["p_value"] < 0.05


def test_one_split_has_no_interval():
    X, y = make_rows()
    split = ShuffleSplit(1, test_size=0.2, random_state=0)
    found = compare({"a": Fixed(A), "b": Fixed(B)}, X, y, cv=split, scoring=read_score)
    assert found.scores[["low", "high", "std"]].isna().all(axis=None)
    assert found.differences[["low", "high", "p_value"]].isna().all(axis=None)
    assert found.differences["difference"].notna().all()


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """A mean of the training rows beside 0, on normal numbers of mean 0.5: the gain is known."""
    from sklearn.dummy import DummyRegressor

    random, covered, n_trials = np.random.default_rng(0), 0, 60
    truth = 0.25 - 1 / 40  # of the squared error, with 40 rows to learn the mean from
    models = {"mean": DummyRegressor(), "zero": DummyRegressor(strategy="constant", constant=0)}
    for _ in range(n_trials):
        y = random.normal(0.5, 1, 50)
        found = compare(
            models, np.zeros((50, 1)), y, n_repeats=2, scoring="neg_mean_squared_error",
            random_state=0,
        )  # fmt: skip
        line = found.differences.loc[("mean", "zero")]
        covered += line["low"] <= truth <= line["high"]
    assert 0.85 <= covered / n_trials <= 1


def test_scores_of_folds_are_those_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.naive_bayes import GaussianNB

    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 3)), np.arange(60) % 2
    X[:, 0] += y
    folds = KFold(4, shuffle=True, random_state=3)
    models = [LogisticRegression(), GaussianNB()]
    found = compare(models, X, y, cv=folds, scoring="neg_log_loss")
    expected = [cross_val_score(m, X, y, cv=folds, scoring="neg_log_loss") for m in models]
    assert found.split_scores.to_numpy() == pytest.approx(np.transpose(expected))
    assert list(found.split_scores) == ["logisticregression", "gaussiannb"]
    assert isinstance(found.differences.index, pd.MultiIndex)


@pytest.mark.parametrize("scoring", ["accuracy", "f1_micro"])
def test_intervals_of_means_stay_in_the_range_of_the_score(scoring):
    """Two rows to test in each split: the scores vary as much as they can."""
    from sklearn.dummy import DummyClassifier

    y = [0, 1, 1, 1, 0, 0, 1, 0]
    models = [DummyClassifier(strategy="uniform", random_state=seed) for seed in (0, 1)]
    found = compare(models, np.zeros((8, 1)), y, cv=KFold(4), scoring=scoring)
    assert found.scores["low"].min() == 0
    assert found.scores["high"].max() <= 1
    wide = compare_scores({"a": np.multiply(A, 9), "b": np.multiply(B, 9)})  # of no known score
    assert wide.scores["high"].min() > 6
