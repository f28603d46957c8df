"""Scores of predictions, with intervals and those of a constant prediction."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skfusion.reports.evaluation import _weighted_metrics as metrics
from skfusion.reports.evaluation._intervals import bootstrap_intervals, wilson_interval
from skfusion.reports.evaluation._row_predictions import RowPredictions

COLUMNS = ["value", "low", "high", "interval", "constant", "better"]


class _Score(NamedTuple):
    """A score as a function of row weights; of a proportion also its two counts."""

    name: str
    statistic: object
    better: str = "higher"
    counts: tuple[int, int] | None = None


def score_table(predictions, y, groups=None, seed=0):
    """Compute the scores of predictions, with 95 % intervals.

    Parameters
    ----------
    predictions : RowPredictions
        The predictions.

    y : ndarray of shape (n_rows,)
        The target. Classes are those of the predictions.

    groups : ndarray of shape (n_rows,), default=None
        Groups of rows that are not independent.

    seed : int, default=0
        The seed of the resamples.

    Returns
    -------
    scores : DataFrame
        By name: `value`; `low` and `high`, the ends of the interval; `interval`, "Wilson" for
        proportions of independent rows, else "bootstrap"; `constant`, the score of a constant
        prediction: the most frequent class, the shares of the classes, the mean of y; and whether
        "higher" or "lower" is `better`. Where a score is not defined, its numbers are NaN.

    Notes
    -----
    Scores equal those of `sklearn.metrics`. Of two classes, the second one is the positive one:
    `sensitivity` is its recall and `specificity` that of the other one. Of several classes,
    `roc_auc` is the mean of each class against the rest.
    """
    scores = _list_scores(predictions, y)
    constants = _list_scores(_constant_like(predictions, y), y)
    constant = {one.name: _value(one, len(y)) for one in constants}
    intervals = bootstrap_intervals([one.statistic for one in scores], len(y), groups, seed)
    lines = {}
    for one, (low, high) in zip(scores, intervals, strict=True):
        kind = "bootstrap"
        if one.counts is not None and groups is None:
            (low, high), kind = wilson_interval(*one.counts), "Wilson"
        value = _value(one, len(y))
        if np.isnan(value) or np.isnan(low):
            low, high, kind = np.nan, np.nan, ""
        ends = float(low), float(high)
        lines[one.name] = (value, *ends, kind, constant.get(one.name, np.nan), one.better)
    return pd.DataFrame.from_dict(lines, orient="index", columns=COLUMNS).rename_axis("score")


def _list_scores(predictions, y):
    if predictions.is_classes:
        return _class_scores(predictions, predictions.codes_of(y))
    return _number_scores(predictions.values, y.astype(float))


def _class_scores(predictions, codes):
    predicted = predictions.codes_of(predictions.values)
    is_right, n_classes = predicted == codes, len(predictions.classes)
    scores = [
        _proportion("accuracy", is_right, np.ones(len(codes), dtype=bool)),
        _Score("balanced_accuracy", metrics.balanced_accuracy(is_right, codes, n_classes)),
    ]
    if predictions.is_binary:
        scores += [
            _proportion("sensitivity", is_right, codes == 1),
            _proportion("specificity", is_right, codes == 0),
            _proportion("precision", is_right, predicted == 1),
        ]
    ranking = predictions.ranking
    if ranking is not None:
        scores.append(_Score("roc_auc", metrics.roc_auc(ranking, codes)))
        if predictions.is_binary:
            statistic = metrics.average_precision(ranking[:, 1], codes == 1)
            scores.append(_Score("average_precision", statistic))
    probabilities = predictions.probabilities
    if probabilities is not None:
        scores += [
            _Score("log_loss", metrics.log_loss(probabilities, codes), "lower"),
            _Score("brier_score", metrics.brier_score(probabilities, codes), "lower"),
        ]
    return scores


def _number_scores(predicted, y):
    errors = np.abs(y - predicted)
    return [
        _Score("r2", metrics.r_squared(y, predicted)),
        _Score("mean_absolute_error", metrics.weighted_mean(errors), "lower"),
        _Score("root_mean_squared_error", metrics.root_mean_square(errors), "lower"),
        _Score("median_absolute_error", metrics.weighted_median(errors), "lower"),
    ]


def _proportion(name, is_right, among):
    counts = int((is_right & among).sum()), int(among.sum())
    return _Score(name, metrics.weighted_mean(is_right.astype(float), among), counts=counts)


def _value(score, n_rows):
    """Return a score of all rows."""
    return float(score.statistic(np.ones((1, n_rows)))[0])


def _constant_like(predictions, y):
    """Return constant predictions of the same kind."""
    if not predictions.is_classes:
        return RowPredictions(np.full(len(y), y.astype(float).mean()))
    counts = np.bincount(predictions.codes_of(y), minlength=len(predictions.classes))
    values = np.full(len(y), predictions.classes[counts.argmax()])
    shares = np.tile(counts / len(y), (len(y), 1))
    if predictions.probabilities is not None:
        return RowPredictions(values, predictions.classes, shares)
    decisions = None if predictions.decisions is None else shares
    return RowPredictions(values, predictions.classes, decisions=decisions)
