"""Votes of several models, and models with a threshold, in a graph."""

import numpy as np

from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._prediction import Prediction


def convert_voting_classifier(g, voting, inputs, predict):
    """Return the mean of the probabilities of a VotingClassifier."""
    if voting.voting != "soft":
        raise NotConvertible("VotingClassifier has voting='hard', which gives no probabilities")
    members = [predict(g, member, inputs).values for member in voting.estimators_]
    return Prediction(_mean(g, members, voting._weights_not_none), voting.classes_)


def convert_voting_regressor(g, voting, inputs, predict):
    """Return the mean of the predictions of a VotingRegressor."""
    members = [predict(g, member, inputs).values for member in voting.estimators_]
    return Prediction(_mean(g, members, voting._weights_not_none), kind="numbers")


def convert_threshold(g, model, inputs, predict):
    """Return the probabilities of a model, and labels by a threshold."""
    inner = predict(g, model.estimator_, inputs)
    threshold = getattr(model, "best_threshold_", getattr(model, "threshold", "auto"))
    if inner.kind != "probabilities" or threshold == "auto":
        raise NotConvertible(f"{type(model).__name__} has a threshold for other values than 0..1")
    classes = np.asarray(inner.classes)
    pos_label = getattr(model, "pos_label", None)
    column = 1 if pos_label is None else int(np.flatnonzero(classes == pos_label)[0])
    positive = g.op("Gather", inner.values, np.int64(column), axis=1)
    is_positive = g.op("GreaterOrEqual", positive, float(threshold))
    index = g.op("Where", is_positive, np.int64(column), np.int64(1 - column))
    typed = classes.astype(object) if classes.dtype.kind in "OU" else classes
    return Prediction(inner.values, classes, g.op("Gather", typed, index))


def _mean(g, members, weights):
    weights = np.ones(len(members)) if weights is None else np.asarray(weights, dtype=float)
    total = None
    for member, weight in zip(members, weights / weights.sum(), strict=True):
        term = g.op("Mul", member, float(weight))
        total = term if total is None else g.op("Add", total, term)
    return total
