"""Scores of an estimator in given splits, out of fold and in sample."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils import _safe_indexing

from skfusion.reports.evaluation._fold_predictions import group_argument
from skfusion.reports.evaluation._row_predictions import predict_rows
from skfusion.reports.evaluation._weighted_metrics import r_squared, roc_auc


class FoldPredictions(NamedTuple):
    """The predictions of an estimator in test folds.

    Parameters
    ----------
    rows : ndarray of int
        The test rows of all folds; a row in several test folds is in it several times.

    values : ndarray of shape (n_tested,) or (n_tested, n_classes)
        Predicted numbers, or values that rank the classes.

    gap : float or None
        By how much the score on training rows is better.
    """

    rows: np.ndarray
    values: np.ndarray
    gap: float | None


def predict_folds(estimator, X, rows, splits, shown, *, in_sample=False):
    """Fit copies of an estimator in each split, and predict the test rows.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor; it is cloned.

    X : DataFrame, Series, list or ndarray
        The rows, as the estimator takes them.

    rows : AuditRows
        The target and the groups.

    splits : list of tuple (train, test)
        The folds.

    shown : progress bar
        Updated by fits.

    in_sample : bool, default=False
        Whether training rows are predicted too.

    Returns
    -------
    predictions : FoldPredictions
        The predictions.
    """
    places, values, trained = [], [], []
    for train, test in splits:
        groups = None if rows.groups is None else rows.groups[train]
        fitted = clone(estimator)
        fitted.fit(_safe_indexing(X, train), rows.y[train], **group_argument(estimator, groups))
        places.append(test)
        values.append(_ranking(fitted, _safe_indexing(X, test), rows.classes))
        if in_sample:
            trained.append((train, _ranking(fitted, _safe_indexing(X, train), rows.classes)))
        shown.update()
    found = FoldPredictions(np.concatenate(places), np.concatenate(values), None)
    if not in_sample:
        return found
    both = [np.concatenate(some) for some in zip(*trained, strict=True)]
    gap = score_of(rows, *both) - score_of(rows, found.rows, found.values)
    return found._replace(gap=gap)


def name_of_score(rows):
    """Return the name of the score: the area under the ROC curve, or R² for numbers."""
    return "R²" if rows.classes is None else "AUC"


def score_statistic(rows, places, values):
    """Return the score as a function of weights of shape (n_resamples, n_tested)."""
    y = rows.y[places]
    if rows.classes is None:
        return r_squared(y, values)
    codes = np.searchsorted(rows.classes, y)
    return roc_auc(values, codes)


def score_of(rows, places, values):
    """Return the score of predictions."""
    return float(score_statistic(rows, places, values)(np.ones((1, len(places))))[0])


def _ranking(fitted, X, classes):
    found = predict_rows(fitted, X)
    if classes is None or not is_classifier(fitted):
        return found.values
    ranking = found.ranking
    if ranking is None:  # no probabilities: the predicted class alone
        ranking = (found.values[:, np.newaxis] == found.classes).astype(float)
    whole = np.zeros((len(ranking), len(classes)))
    whole[:, np.searchsorted(classes, found.classes)] = ranking
    return whole
