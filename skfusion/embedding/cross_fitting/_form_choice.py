"""The measured choice between in-sample columns and cross-fitted columns."""

import warnings
from collections import OrderedDict
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skfusion._utils.fingerprint import digest_text
from skfusion.embedding.cross_fitting._procrustes_map import ProcrustesMap

# Averaging the networks lowers the log loss of new rows by about a tenth by itself, which the
# measurement can't see: cross-fitting may lose this much in it (benchmarks/cross_fit.py).
_TOLERANCE = 1.05
_ROWS = 600
_TINY = 1e-6
# A search fits the same networks again for each head; what was measured is remembered.
_DECIDED: OrderedDict[Any, Any] = OrderedDict()
_DECIDED_LIMIT = 1000


def choose_form(trainer, by_fold, folds, axes, networks):
    """Measure whether a linear model learns more from cross-fitted columns.

    The network of each fold takes the place of the final one. Its test rows are unseen. A linear
    model is fitted on its training rows, once with its own columns and once with those of the other
    folds' networks, mapped to its axes; both predict the test rows.

    Parameters
    ----------
    trainer : ColumnTrainer
        Has the targets of the rows.

    by_fold : list of ndarray of shape (n_rows, n_columns)
        Each fold's network's columns of all rows.

    folds : list of tuple (train, test) of ndarray of int
        Their rows.

    axes : list of ProcrustesMap
        From each fold's axes to the final network's.

    networks : tuple of Network or None
        What the answer depends on, where it can be remembered.

    Returns
    -------
    form : {"average", "in-sample"}
        The better one.

    losses : dict
        `loss_in_sample` and `loss_cross_fitted`: log loss for classes, else mean squared error.
    """
    key = None
    if networks is not None:
        key = digest_text(*(network.fingerprint for network in networks), trainer.rows.described)
    if key not in _DECIDED:
        losses = _measure(trainer, by_fold, folds, axes)
        if key is None:
            return _chosen(losses), losses
        _DECIDED[key] = losses
        while len(_DECIDED) > _DECIDED_LIMIT:
            _DECIDED.popitem(last=False)
    return _chosen(_DECIDED[key]), dict(_DECIDED[key])


def _chosen(losses):
    better = losses["loss_cross_fitted"] <= _TOLERANCE * losses["loss_in_sample"]
    return "average" if better else "in-sample"


def _measure(trainer, by_fold, folds, axes):
    rng = np.random.default_rng(trainer.config.training.seed)
    n_rows = len(trainer.rows.values)
    some = np.sort(rng.permutation(n_rows)[:_ROWS])
    inside = np.isin(np.arange(n_rows), some)
    folds = [tuple(rows[inside[rows]] for rows in fold) for fold in folds]
    own, crossed = [], []
    for number, (train, test) in enumerate(folds):
        if not _can_learn(trainer.rows, train) or len(test) == 0:
            continue
        columns = by_fold[number]
        unseen = _unseen_columns(number, by_fold, folds, axes, trainer.channels)
        if unseen is None:
            continue
        chosen = rng.random(n_rows) < 0.5
        mixed = np.where(chosen[:, np.newaxis], unseen, columns)
        values, weights = trainer.rows.values, trainer.rows.weights
        own.append(_loss(columns, columns, values, weights, train, test))
        crossed.append(_loss(mixed, columns, values, weights, train, test))
    return {"loss_in_sample": _mean(own), "loss_cross_fitted": _mean(crossed)}


def _can_learn(rows, train):
    """Return whether a linear model can be fitted on these rows."""
    some = rows.of(train)
    if len(train) == 0 or (some.weights is not None and not some.weights.any()):
        return False
    return some.values.ndim > 1 or len(np.unique(some.values)) > 1


def _mean(parts):
    """Average parts ``(mean, weight)`` over all rows; return NaN if there is no weight."""
    weight = sum(weight for _, weight in parts)
    return sum(mean * share for mean, share in parts) / weight if weight > 0 else np.nan


def _unseen_columns(number, by_fold, folds, axes, channels):
    """Compute columns in the axes of one fold's network, from networks not trained on the row.

    None where there is no such row: with two folds, each network has seen all that the other has
    not.
    """
    columns, found = np.array(by_fold[number], dtype=np.float64), False
    train = folds[number][0]
    for other, (other_train, other_test) in enumerate(folds):
        both = np.intersect1d(train, other_train)
        rows = np.setdiff1d(other_test, folds[number][1])
        if other == number or len(both) == 0 or len(rows) == 0:
            continue
        source, target = by_fold[other], by_fold[number]
        turned = ProcrustesMap(source[both], target[both], channels, axes[other].pull)
        columns[rows] = turned.apply(source[rows])
        found = True
    return columns if found else None


def _loss(columns, honest, values, weights, train, test):
    """Return the loss of a linear model on unseen rows, and the weight of these rows."""
    model = LogisticRegression(max_iter=200) if values.ndim == 1 else Ridge(1.0)
    with threadpool_limits(1, user_api="blas"):
        fitted, new = _scaled(columns[train], honest[test])
        weight = None if weights is None else weights[train]
        with warnings.catch_warnings():
            # Two hundred iterations suffice for a comparison.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(fitted, values[train], sample_weight=weight)
        if values.ndim > 1:
            errors = ((model.predict(new).reshape(values[test].shape) - values[test]) ** 2).mean(1)
        else:
            errors = -np.log(_likelihood(model, new, values[test]))
    weight = np.ones(len(test)) if weights is None else weights[test]
    total = float(weight.sum())
    return (float(errors @ weight) / total if total > 0 else 0.0), total


def _likelihood(model, rows, classes):
    chances = np.full((len(rows), classes.max() + 1), _TINY)
    inside = model.classes_ <= classes.max()
    chances[:, model.classes_[inside]] += model.predict_proba(rows)[:, inside]
    return np.clip(chances[np.arange(len(rows)), classes], _TINY, 1)


def _scaled(fitted, new):
    """Scale columns to unit variance; rotate them into fewer if there are more than rows.

    A linear model with a ridge penalty gives the same predictions.
    """
    scaler = StandardScaler().fit(fitted)
    fitted, new = scaler.transform(fitted), scaler.transform(new)
    if fitted.shape[1] <= len(fitted):
        return fitted, new
    axes = np.linalg.svd(fitted, full_matrices=False)[2]
    return fitted @ axes.T, new @ axes.T
