"""Scores and tables of a report for models that rank, decide or predict in other ways."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import GroupKFold, StratifiedKFold

from skfusion import report
from tests.reports.report_models import EchoClassifier, EchoRegressor, make_echo

N = 90
SEEDS = [0, 1, 2]


class DecisionClassifier(ClassifierMixin, BaseEstimator):
    """Return the last columns of X as decisions: one for two classes, else one for each."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        columns = np.asarray(X, dtype=float)
        n_classes = len(self.classes_)
        return columns[:, -1] if n_classes == 2 else columns[:, -n_classes:]

    def predict(self, X):
        decisions = self.decision_function(X)
        best = decisions > 0 if decisions.ndim == 1 else decisions.argmax(axis=1)
        return self.classes_[best.astype(int)]


class LabelClassifier(ClassifierMixin, BaseEstimator):
    """Return the last column of X, rounded, as the position of a class; no ranking."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[np.rint(np.asarray(X, dtype=float)[:, -1]).astype(int)]


class ColumnRegressor(RegressorMixin, BaseEstimator):
    """Return a column of predictions, as some models do."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(X, dtype=float)[:, -1:]


def report_of(head, outputs, y, **options):
    model, frame = make_echo(head, outputs, y)
    return report(model, frame, y, rows=[], random_state=0, **options)


def random_rows(seed, n_classes):
    random = np.random.default_rng(seed)
    decisions = np.round(random.normal(size=(N, n_classes)), 1)  # with ties
    y = np.where(
        random.random(N) < 0.6, decisions.argmax(axis=1), random.integers(n_classes, size=N)
    )
    return decisions, y


@pytest.mark.parametrize("seed", SEEDS)
def test_decisions_of_two_classes(seed):
    decisions, _ = random_rows(seed, 2)
    decision = decisions[:, 1] - decisions[:, 0]
    y = (decision + np.random.default_rng(seed).normal(size=N) > 0).astype(int)
    found = report_of(DecisionClassifier(), decision, y)
    values = found.scores["value"]
    assert values["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, decision))
    assert values["average_precision"] == pytest.approx(
        metrics.average_precision_score(y, decision)
    )
    assert {"log_loss", "brier_score"}.isdisjoint(values.index)
    assert found.calibration is None
    assert [name for name in found.predictions if "probability" in name] == []
    assert found.scores.loc["roc_auc", "constant"] == 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_decisions_of_several_classes(seed):
    decisions, y = random_rows(seed, 4)
    values = report_of(DecisionClassifier(), decisions, y).scores["value"]
    each = [metrics.roc_auc_score(y == code, decisions[:, code]) for code in range(4)]
    assert values["roc_auc"] == pytest.approx(np.mean(each))
    assert values["accuracy"] == pytest.approx((decisions.argmax(axis=1) == y).mean())
    assert "average_precision" not in values


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_model_without_a_ranking(seed, n_classes):
    random = np.random.default_rng(seed)
    predicted, y = random.integers(n_classes, size=(2, N))
    y[:n_classes] = np.arange(n_classes)
    found = report_of(LabelClassifier(), predicted, y)
    expected = {"accuracy", "balanced_accuracy"}
    expected |= {"sensitivity", "specificity", "precision"} if n_classes == 2 else set()
    assert set(found.scores.index) == expected
    assert found.scores.loc["balanced_accuracy", "value"] == pytest.approx(
        metrics.balanced_accuracy_score(y, predicted)
    )
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(y, predicted))
    assert found.scores.loc["balanced_accuracy", "constant"] == pytest.approx(1 / n_classes)


@pytest.mark.parametrize(
    "labels",
    [["b", "a"], [True, False], [2.5, 0.5], [10, -3], ["é", "e"]],
    ids=["text", "bool", "float", "negative", "accents"],
)
def test_labels_of_every_type(labels):
    """The second class in the order of `classes_` is the positive one."""
    codes = np.arange(N) % 3 == 0
    y = np.array(sorted(labels))[codes.astype(int)]
    probabilities = np.column_stack([0.7 - 0.3 * codes, 0.3 + 0.3 * codes])
    found = report_of(EchoClassifier(), probabilities, y)
    assert found.scores.loc["accuracy", "value"] == 1
    assert found.confusion.index.tolist() == sorted(labels)
    assert list(found.predictions["y"]) == list(y)
    names = [f"probability_{label}" for label in sorted(labels)]
    assert set(names) <= set(found.predictions.columns)
    assert len(found.to_dict()["confusion"]["classes"]) == 2


def test_a_column_of_predictions_counts_as_numbers():
    predicted = np.linspace(0, 1, N)
    found = report_of(ColumnRegressor(), predicted, predicted + 0.1)
    assert found.scores.loc["mean_absolute_error", "value"] == pytest.approx(0.1)
    np.testing.assert_allclose(found.residuals["residual"], 0.1)


@pytest.mark.parametrize(
    "make",
    [list, pd.Series, lambda y: y.reshape(-1, 1), lambda y: pd.DataFrame({"y": y})],
    ids=["list", "Series", "column", "DataFrame"],
)
def test_the_target_of_every_container(make):
    predicted = np.linspace(0, 1, N)
    model, frame = make_echo(EchoRegressor(), predicted, predicted)
    found = report(model, frame, make(predicted + 1), rows=[])
    assert found.scores.loc["median_absolute_error", "value"] == pytest.approx(1)


# Calibration.


@pytest.mark.parametrize("seed", SEEDS)
def test_bins_of_calibration_hold_the_same_number_of_rows(seed):
    random = np.random.default_rng(seed)
    positive = random.random(150)
    y = (random.random(150) < positive).astype(int)
    table = report_of(EchoClassifier(), np.column_stack([1 - positive, positive]), y).calibration
    assert table["n_rows"].tolist() == [15] * 10
    order = np.argsort(positive).reshape(10, 15)
    np.testing.assert_allclose(table["predicted"], positive[order].mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(table["observed"], y[order].mean(axis=1))


def test_intervals_of_calibration_are_those_of_wilson():
    positive = np.repeat([0.2, 0.8], 50)
    y = np.concatenate([np.arange(50) < 10, np.arange(50) < 45]).astype(int)
    table = report_of(EchoClassifier(), np.column_stack([1 - positive, positive]), y).calibration
    for line, count in zip(table.itertuples(), (10, 45), strict=True):
        expected = stats.binomtest(count, 50).proportion_ci(method="wilson")
        assert (line.low, line.high) == pytest.approx((expected.low, expected.high))


def test_intervals_of_mean_targets_are_those_of_student():
    predicted = np.repeat([0.0, 5.0], 30)
    y = predicted + np.random.default_rng(0).normal(size=60)
    table = report_of(EchoRegressor(), predicted, y).calibration
    for line, part in zip(table.itertuples(), (y[:30], y[30:]), strict=True):
        low, high = stats.t.interval(0.95, 29, loc=part.mean(), scale=stats.sem(part))
        assert (line.observed, line.low, line.high) == pytest.approx((part.mean(), low, high))


@pytest.mark.parametrize("n_rows", [29, 30, 44, 45, 300])
def test_the_number_of_bins_follows_the_rows(n_rows):
    predicted = np.linspace(0, 1, n_rows)
    table = report_of(EchoRegressor(), predicted, predicted).calibration
    if n_rows < 30:
        assert table is None
    else:
        assert len(table) == min(10, n_rows // 15)
        assert table["n_rows"].sum() == n_rows


# Intervals.


@pytest.mark.parametrize(("hits", "n_rows"), [(0, 9), (5, 9), (40, 41), (300, 1000)])
def test_intervals_of_shares_are_those_of_wilson(hits, n_rows):
    y = np.arange(n_rows) % 2
    predicted = np.where(np.arange(n_rows) < hits, y, 1 - y)
    scores = report_of(LabelClassifier(), predicted, y).scores
    expected = stats.binomtest(hits, n_rows).proportion_ci(method="wilson")
    assert scores.loc["accuracy", "value"] == pytest.approx(hits / n_rows)
    assert scores.loc["accuracy", ["low", "high"]].tolist() == pytest.approx(list(expected))


def test_intervals_of_resamples_are_near_those_of_other_resamples():
    random = np.random.default_rng(0)
    predicted = random.normal(size=200)
    y = predicted + random.laplace(size=200)
    scores = report_of(EchoRegressor(), predicted, y).scores
    drawn = np.abs(y - predicted)[random.integers(200, size=(4000, 200))]
    for name, values in (
        ("mean_absolute_error", drawn.mean(axis=1)),
        ("root_mean_squared_error", np.sqrt((drawn**2).mean(axis=1))),
        ("median_absolute_error", np.median(drawn, axis=1)),
    ):
        ends = scores.loc[name, ["low", "high"]].astype(float)
        np.testing.assert_allclose(ends, np.percentile(values, [2.5, 97.5]), rtol=0.05)


# Out-of-fold predictions.


@pytest.mark.parametrize(
    "cv", [3, StratifiedKFold(3), list(StratifiedKFold(3).split(np.zeros(N), np.arange(N) % 2))]
)
def test_folds_of_every_kind(cv):
    y = np.arange(N) % 2
    model, frame = make_echo(EchoClassifier(), np.eye(2)[y] + 0.2, y)
    found = report(model, frame, y, cv=cv, rows=[])
    expected = np.empty(N, dtype=int)
    for number, (_, test) in enumerate(StratifiedKFold(3).split(np.zeros(N), y)):
        expected[test] = number
    assert found.predictions["fold"].tolist() == expected.tolist()


def test_a_splitter_of_groups():
    y, groups = np.arange(N) % 2, np.repeat(np.arange(18), 5)
    model, frame = make_echo(EchoClassifier(), np.eye(2)[y] + 0.2, y)
    found = report(model, frame, y, cv=GroupKFold(3), groups=groups, rows=[])
    assert found.predictions.groupby(groups)["fold"].nunique().eq(1).all()
    assert found.protocol["n_groups"] == 18
    assert found.protocol["rows"] == "out-of-fold"


def test_a_splitter_that_tests_rows_twice():
    y = np.arange(N) % 2
    model, frame = make_echo(EchoClassifier(), np.eye(2)[y] + 0.2, y)
    half = np.arange(N // 2)
    twice = [(half, half + N // 2), (half + N // 2, half), (half, half + N // 2)]
    with pytest.raises(ValueError, match="does not test each row exactly once"):
        report(model, frame, y, cv=twice, rows=[])


@pytest.mark.parametrize("cv", [None, 3])
@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT], ids=["None", "NaN", "NA", "NaT"])
def test_a_row_without_a_group_is_named(missing, cv):
    y = np.arange(N) % 2
    model, frame = make_echo(EchoClassifier(), np.eye(2)[y] + 0.2, y)
    groups = pd.Series(np.arange(N) // 5).astype(object)
    groups[[7, 30]] = missing
    with pytest.raises(ValueError, match=r"groups is missing in 2 rows \(the first is row 7\)"):
        report(model, frame, y, cv=cv, groups=groups, rows=[])
