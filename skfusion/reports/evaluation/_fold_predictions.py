"""Predict each row by a model that was fitted without it."""

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import has_fit_parameter

from skfusion.reports.evaluation._row_predictions import RowPredictions, predict_rows


def predict_out_of_fold(model, X, y, cv, groups=None):
    """Fit copies of a model in the folds, and predict each row by the one that did not see it.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor. It is cloned.

    X : DataFrame, Series, list or ndarray
        The rows.

    y : ndarray of shape (n_rows,)
        The target; classes are those of the model.

    cv : int, splitter or iterable
        The folds, as in `cross_val_predict`. With an integer and groups, no group is split.

    groups : ndarray of shape (n_rows,), default=None
        The groups of the rows.

    Returns
    -------
    predictions : RowPredictions
        Out-of-fold predictions.

    folds : ndarray of int of shape (n_rows,)
        The fold that tested each row.

    models : list of estimator
        The fitted copy of each fold.

    Raises
    ------
    ValueError
        If a row is in no test fold or in several.
    """
    splitter = _make_splitter(model, y, cv, groups)
    folds, parts, models = np.full(len(y), -1), [], []
    for number, (train, test) in enumerate(splitter.split(X, y, groups)):
        if (folds[test] >= 0).any():
            _raise_no_partition(cv)
        folds[test] = number
        fold_groups = None if groups is None else groups[train]
        fitted = clone(model)
        fitted.fit(_safe_indexing(X, train), y[train], **group_argument(model, fold_groups))
        parts.append((test, predict_rows(fitted, _safe_indexing(X, test))))
        models.append(fitted)
    if (folds < 0).any():
        _raise_no_partition(cv)
    classes = np.asarray(model.classes_) if is_classifier(model) else None
    return _join(parts, len(y), classes), folds, models


def _make_splitter(model, y, cv, groups):
    stratified = is_classifier(model)
    if groups is not None and isinstance(cv, (int, np.integer)):
        return StratifiedGroupKFold(cv) if stratified else GroupKFold(cv)
    return check_cv(cv, y, classifier=stratified)


def group_argument(model, groups):
    """Return the groups as an argument of `fit`, where the model splits rows by groups."""
    if groups is None:
        return {}
    if isinstance(model, BaseSearchCV):
        return {"groups": groups} if isinstance(model.cv, GroupsConsumerMixin) else {}
    return {"groups": groups} if has_fit_parameter(model, "groups") else {}


def _raise_no_partition(cv):
    raise ValueError(
        f"cv={cv!r} does not test each row exactly once. Pass an integer, or a splitter such as "
        "KFold, StratifiedKFold or GroupKFold."
    )


def _join(parts, n_rows, classes):
    """Return the predictions of all folds in the order of the rows."""
    first = parts[0][1]
    values = np.empty(n_rows, dtype=np.result_type(*(part.values for _, part in parts)))
    if classes is None:
        for test, part in parts:
            values[test] = part.values
        return RowPredictions(values)
    ranking = np.zeros((n_rows, len(classes)))  # a class that a fold did not see keeps 0
    for test, part in parts:
        values[test] = part.values
        if part.ranking is not None:
            ranking[np.ix_(test, np.searchsorted(classes, part.classes))] = part.ranking
    if first.ranking is None:
        return RowPredictions(values, classes)
    if first.probabilities is not None:
        return RowPredictions(values, classes, ranking)
    return RowPredictions(values, classes, decisions=ranking)
