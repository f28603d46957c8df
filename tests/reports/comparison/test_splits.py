"""The splits of a comparison: the same for all estimators, whole groups, apart."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, RepeatedKFold

from skfusion import compare

SEEN = []


class Recorder(ClassifierMixin, BaseEstimator):
    """Record the rows of each fit and of each prediction."""

    def __init__(self, name="a", takes=None):
        self.name = name
        self.takes = takes

    def fit(self, X, y, groups=None):
        self.classes_ = np.unique(y)
        self.train_ = X[:, 0].astype(int)
        self.groups_ = groups
        return self

    def predict_proba(self, X):
        SEEN.append((self.name, self.train_.tolist(), X[:, 0].astype(int).tolist(), self.groups_))
        return np.full((len(X), 2), 0.5)

    def predict(self, X):
        self.predict_proba(X)
        return self.classes_[np.zeros(len(X), dtype=int)]


@pytest.fixture
def seen():
    SEEN.clear()
    return SEEN


def rows(n_rows=40):
    return np.arange(n_rows)[:, np.newaxis].astype(float), np.arange(n_rows) % 2


def record(**options):
    X, y = rows()
    return compare([("a", Recorder("a")), ("b", Recorder("b"))], X, y, **options)


def test_all_estimators_have_the_same_splits(seen):
    found = record(random_state=0, n_repeats=2)
    splits = {
        name: [tuple(map(tuple, one[1:3])) for one in seen if one[0] == name] for name in "ab"
    }
    assert splits["a"] == splits["b"]
    assert len(set(splits["a"])) == 10
    assert found.protocol["n_splits"] == 10
    assert found.protocol["n_repeats"] == 2
    for train, test in splits["a"]:
        assert sorted(train + test) == list(range(40))
        assert sum(row % 2 for row in test) == len(test) / 2  # stratified
    for repeat in (splits["a"][:5], splits["a"][5:]):
        assert sorted(row for _, test in repeat for row in test) == list(range(40))


def test_the_seed_decides_the_splits(seen):
    for seed in (0, 0, 1):
        record(random_state=seed, n_repeats=1, cv=2)
    first, again, other = ([one[1:3] for one in seen[i : i + 4]] for i in (0, 4, 8))
    assert first == again
    assert first != other


def test_groups_stay_together_and_reach_fits(seen):
    groups = np.array([f"p{row // 4}" for row in range(40)])
    found = record(groups=groups, random_state=0, n_repeats=2)
    assert found.protocol["n_groups"] == 10
    assert "of 10 groups" in str(found)
    assert len(seen) == 20
    for _, train, test, of_fit in seen:
        assert not {row // 4 for row in train} & {row // 4 for row in test}
        assert of_fit.tolist() == groups[train].tolist()


def test_groups_of_numbers_to_predict():
    X, _ = rows(30)
    groups = np.arange(30) // 6
    models = {"mean": DummyRegressor(), "median": DummyRegressor(strategy="median")}
    found = compare(models, X, X[:, 0] % 7, groups=groups, cv=5, n_repeats=1)
    assert found.protocol["scoring"] == "r2"
    assert len(found.split_scores) == 5


def test_a_search_gets_groups_for_its_own_folds():
    X, y = rows()
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=GroupKFold(2))
    options = {"groups": np.arange(40) // 4, "n_repeats": 1, "cv": 2, "random_state": 0}
    found = compare({"search": search, "constant": DummyClassifier()}, X, y, **options)
    assert len(found.scores) == 2


def test_splitters_and_iterables_are_used_as_they_are(seen):
    found = record(cv=RepeatedKFold(n_splits=2, n_repeats=3, random_state=0))
    assert found.protocol["n_splits"] == 6
    assert found.protocol["n_repeats"] == 1
    seen.clear()
    even = np.arange(40) % 4 < 2
    record(cv=[(even, ~even), (np.flatnonzero(~even), np.flatnonzero(even))])
    assert [one[2] for one in seen[:2]] == [np.flatnonzero(~even).tolist()] * 2


ALL = np.arange(40)
WRONG = {
    "common rows": ([(ALL[:30], ALL[28:])], r"Split 0 .* tests rows that it fits on \(row 28; row"),
    "nothing to test": ([(ALL, ALL[:0])], "Split 0 of cv has no rows to test"),
    "nothing to fit": ([(ALL[:0], ALL)], "Split 0 of cv has no rows to fit"),
    "no split": ([], "split"),
    "too many folds": (41, "Pass a smaller cv"),
}


@pytest.mark.parametrize("name", WRONG)
def test_splits_that_are_refused(name):
    cv, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        record(cv=cv)


def test_groups_that_are_missing_are_refused():
    with pytest.raises(ValueError, match="groups is missing in 1 rows"):
        record(groups=pd.Series([None, *range(39)]))
    with pytest.raises(ValueError, match="Pass a smaller cv"):
        record(groups=np.arange(40) // 10)


def test_weights_count_in_fits_and_scores():
    X, y = rows()
    weights = np.where(y == 1, 3.0, 1.0)
    models = {"prior": DummyClassifier(), "first": DummyClassifier(strategy="constant", constant=0)}
    options = {"scoring": "accuracy", "random_state": 0, "n_repeats": 1}
    found = compare(models, X, y, sample_weight=weights, **options)
    assert found.scores["mean"].to_dict() == pytest.approx({"prior": 0.75, "first": 0.25})
    with pytest.raises(ValueError, match=r"'a' \(Recorder\) has no sample_weight in fit"):
        record(sample_weight=weights)
    with pytest.raises(ValueError, match="Negative values"):
        compare(models, X, y, sample_weight=-weights)


def test_many_fits_at_once_give_the_same():
    X, y = rows()
    X = np.hstack([X, np.random.default_rng(0).normal(size=(40, 2)) + y[:, None]])
    models = [("linear", LogisticRegression()), ("constant", DummyClassifier())]
    one = compare(models, X, y, random_state=0, n_repeats=1)
    two = compare(models, X, y, random_state=0, n_repeats=1, n_jobs=2)
    pd.testing.assert_frame_equal(one.split_scores, two.split_scores)
    pd.testing.assert_frame_equal(one.differences, two.differences)
