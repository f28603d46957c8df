"""Scores of a report equal scikit-learn's, and their intervals cover."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_predict

from skfusion import report
from tests.reports.report_models import (
    EchoClassifier,
    EchoRegressor,
    make_classifier,
    make_echo,
    make_regressor,
    make_rows,
)


def scores_of(head, outputs, y, **options):
    model, frame = make_echo(head, outputs, y)
    return report(model, frame, y, rows=[], random_state=0, **options)


def draw_classes(n_rows, n_classes, seed=0):
    """Probabilities with ties, and classes that follow them."""
    generator = np.random.default_rng(seed)
    probabilities = np.round(generator.dirichlet(np.ones(n_classes), n_rows), 1) + 0.01
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    y = np.array([generator.choice(n_classes, p=line) for line in probabilities])
    return probabilities, y


def test_two_classes():
    probabilities, y = draw_classes(90, 2)
    labels = np.array(["no", "yes"])[y]
    found = scores_of(EchoClassifier(), probabilities, labels)
    predicted = np.array(["no", "yes"])[probabilities.argmax(axis=1)]
    positive = probabilities[:, 1]
    recall = {
        label: metrics.recall_score(labels, predicted, pos_label=label) for label in ("no", "yes")
    }
    assert found.scores["value"].to_dict() == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            "sensitivity": recall["yes"],
            "specificity": recall["no"],
            "precision": metrics.precision_score(labels, predicted, pos_label="yes"),
            "roc_auc": metrics.roc_auc_score(y, positive),
            "average_precision": metrics.average_precision_score(y, positive),
            "log_loss": metrics.log_loss(labels, probabilities),
            "brier_score": metrics.brier_score_loss(y, positive),
        }
    )
    expected = metrics.confusion_matrix(labels, predicted)
    assert found.confusion.to_numpy().tolist() == expected.tolist()
    assert found.confusion.index.tolist() == ["no", "yes"]
    assert found.predictions["probability_yes"].to_numpy() == pytest.approx(positive)


def test_several_classes():
    probabilities, y = draw_classes(120, 3)
    found = scores_of(EchoClassifier(), probabilities, y)
    names = [f"probability_{label}" for label in range(3)]
    probabilities, values = found.predictions[names].to_numpy(), found.scores["value"]
    assert values["roc_auc"] == pytest.approx(
        metrics.roc_auc_score(y, probabilities, multi_class="ovr")
    )
    assert values["log_loss"] == pytest.approx(metrics.log_loss(y, probabilities))
    squares = ((probabilities - np.eye(3)[y]) ** 2).sum(axis=1)
    assert values["brier_score"] == pytest.approx(squares.mean())
    assert values["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(y, probabilities.argmax(axis=1))
    )
    assert "sensitivity" not in values


@pytest.mark.parametrize("n_rows", [81, 80])
def test_numbers(n_rows):
    generator = np.random.default_rng(0)
    predicted = generator.normal(size=n_rows)
    y = predicted + generator.normal(scale=0.5, size=n_rows)
    found = scores_of(EchoRegressor(), predicted, y)
    assert found.scores["value"].to_dict() == pytest.approx(
        {
            "r2": metrics.r2_score(y, predicted),
            "mean_absolute_error": metrics.mean_absolute_error(y, predicted),
            "root_mean_squared_error": np.sqrt(metrics.mean_squared_error(y, predicted)),
            "median_absolute_error": metrics.median_absolute_error(y, predicted),
        }
    )
    assert found.residuals["residual"].to_numpy() == pytest.approx(y - predicted)
    assert found.scores.loc["r2", "constant"] == pytest.approx(0)
    assert found.confusion is None


def test_intervals_hold_the_value_and_shrink_with_rows():
    widths = []
    for n_rows in (60, 600):
        probabilities, y = draw_classes(n_rows, 2)
        scores = scores_of(EchoClassifier(), probabilities, y).scores
        assert (scores["low"] <= scores["value"]).all()
        assert (scores["value"] <= scores["high"]).all()
        widths.append(scores["high"] - scores["low"])
    assert (widths[1] < 0.6 * widths[0]).all()


def test_the_interval_of_a_perfect_score_is_not_empty():
    y = np.arange(20) % 2
    scores = scores_of(EchoClassifier(), np.eye(2)[y] + 1e-9, y).scores
    assert scores.loc["accuracy", ["value", "high"]].tolist() == [1, 1]
    assert scores.loc["accuracy", "low"] == pytest.approx(0.8389, abs=1e-3)
    assert scores.loc["accuracy", "interval"] == "Wilson"
    assert scores.loc["roc_auc", "interval"] == "bootstrap"


def test_intervals_cover():
    """Of 95 % intervals of the area under the curve, nearly so many hold the true value."""
    probabilities, y = draw_classes(20_000, 2, seed=1)
    truth = metrics.roc_auc_score(y, probabilities[:, 1])
    hits = 0
    for seed in range(60):
        probabilities, y = draw_classes(100, 2, seed=100 + seed)
        line = scores_of(EchoClassifier(), probabilities, y).scores.loc["roc_auc"]
        hits += line["low"] <= truth <= line["high"]
    assert hits >= 50


def test_groups_widen_intervals():
    probabilities, y = draw_classes(40, 2)
    repeated, labels = np.repeat(probabilities, 5, axis=0), np.repeat(y, 5)
    groups = np.repeat(np.arange(40), 5)
    alone = scores_of(EchoClassifier(), repeated, labels)
    grouped = scores_of(EchoClassifier(), repeated, labels, groups=groups)
    assert alone.scores["value"].to_dict() == pytest.approx(grouped.scores["value"].to_dict())
    width = [(one.scores["high"] - one.scores["low"])["roc_auc"] for one in (alone, grouped)]
    assert width[1] > 1.5 * width[0]
    assert set(grouped.scores["interval"]) == {"bootstrap"}
    assert grouped.protocol["n_groups"] == 40


def test_the_same_seed_gives_the_same_intervals():
    probabilities, y = draw_classes(50, 2)
    model, frame = make_echo(EchoClassifier(), probabilities, y)
    first, second, other = (
        report(model, frame, y, rows=[], random_state=seed).scores for seed in (1, 1, 2)
    )
    assert first.equals(second)
    assert not first.equals(other)


def test_a_constant_prediction_is_beside_each_score():
    y = np.array([0] * 30 + [1] * 10)
    scores = scores_of(EchoClassifier(), np.eye(2)[y] + 0.1, y).scores
    assert scores.loc["accuracy", "constant"] == pytest.approx(0.75)
    assert scores.loc["roc_auc", "constant"] == pytest.approx(0.5)
    assert scores.loc["average_precision", "constant"] == pytest.approx(0.25)
    assert scores.loc["log_loss", "constant"] == pytest.approx(
        metrics.log_loss(y, np.tile([0.75, 0.25], (40, 1)))
    )


def test_what_is_not_defined_is_nan_and_named():
    model, frame = make_echo(EchoClassifier(), [[0.2, 0.8], [0.6, 0.4]], np.array([0, 1]))
    found = report(model, frame.iloc[:1], [1], rows=[])
    assert np.isnan(found.scores.loc["roc_auc", "value"])
    assert np.isnan(found.scores.loc["log_loss", "low"])
    assert found.scores.loc["accuracy", "value"] == 1
    assert any("Not defined for these rows" in one and "roc_auc" in one for one in found.limits)
    assert any("few rows (1)" in one for one in found.limits)


def test_out_of_fold_scores():
    X, y = make_rows()
    model = make_classifier().fit(X, y)
    folds = KFold(4, shuffle=True, random_state=0)
    found = report(model, X, y, cv=folds, rows=[])
    expected = cross_val_predict(model, X, y, cv=folds, method="predict_proba")
    assert found.predictions["probability_1"].to_numpy() == pytest.approx(expected[:, 1])
    assert found.scores.loc["log_loss", "value"] == pytest.approx(metrics.log_loss(y, expected))
    assert found.protocol["n_folds"] == 4
    assert sorted(found.predictions["fold"].unique()) == [0, 1, 2, 3]
    assert "out-of-fold, 4 folds" in str(found)


def test_out_of_fold_explanations():
    X, y = make_rows()
    model = make_classifier().fit(X, y)
    found = report(model, X, y, cv=4, random_state=0)
    assert len(found.explanations) == 4
    for one in found.explanations:
        line = found.predictions.loc[one.row]
        assert one.prediction == pytest.approx(line["probability_1"])
        assert one.predicted == line["prediction"]
        assert one.sources.sum() == pytest.approx(one.prediction - one.base_value, abs=1e-6)
    assert found.sources["part"].sum() == pytest.approx(1)
    assert any("Scores and explanations are of copies" in one for one in found.limits)
    assert "of the given model" not in found.to_html()


def test_out_of_fold_numbers_and_groups():
    X, y = make_rows()
    groups = np.repeat(np.arange(20), 4)
    found = report(make_regressor().fit(X, y), X, y, cv=5, groups=groups, rows=[])
    folds = found.predictions["fold"].to_numpy().reshape(20, 4)
    assert (folds == folds[:, :1]).all()


def test_folds_that_leave_out_rows():
    X, y = make_rows()
    with pytest.raises(ValueError, match="does not test each row exactly once"):
        report(make_classifier().fit(X, y), X, y, cv=ShuffleSplit(2, random_state=0))
    with pytest.raises(ValueError, match="cv needs y"):
        report(make_classifier().fit(X, y), X, cv=3)


def test_calibration_of_two_classes():
    probabilities, y = draw_classes(300, 2)
    table = scores_of(EchoClassifier(), probabilities, y).calibration
    assert table["n_rows"].sum() == 300
    assert np.average(table["predicted"], weights=table["n_rows"]) == pytest.approx(
        probabilities[:, 1].mean()
    )
    assert np.average(table["observed"], weights=table["n_rows"]) == pytest.approx(y.mean())
    inside = table["predicted"].between(table["low"], table["high"])
    assert inside.mean() > 0.7
    assert table["predicted"].is_monotonic_increasing


def test_calibration_of_others():
    probabilities, y = draw_classes(90, 3)
    table = scores_of(EchoClassifier(), probabilities, y).calibration
    is_right = probabilities.argmax(axis=1) == y
    assert np.average(table["observed"], weights=table["n_rows"]) == pytest.approx(is_right.mean())
    numbers = np.linspace(0, 1, 60)
    table = scores_of(EchoRegressor(), numbers, 2 * numbers).calibration
    assert table["observed"].to_numpy() == pytest.approx(2 * table["predicted"].to_numpy())
    constant = scores_of(EchoRegressor(), np.ones(60), numbers).calibration
    assert constant["n_rows"].tolist() == [60]
    assert scores_of(EchoRegressor(), numbers[:20], numbers[:20]).calibration is None


def test_out_of_fold_scores_of_rows_that_lack_a_class():
    X, y = make_rows(n_classes=3)
    model = make_classifier().fit(X, y)
    some = y < 2
    found = report(model, X[some], pd.Series(y[some], dtype="Int64"), cv=2, regions=False)
    assert found.confusion.shape == (3, 3)
    assert found.confusion.loc[2].sum() == 0
    assert np.isnan(found.scores.loc["roc_auc", "value"])
    assert {one.output for one in found.explanations} <= {f"probability of {i}" for i in range(3)}
