"""Losses of rows, and scores of all rows."""

import numpy as np

LOWEST_PROBABILITY = 1e-6


def row_losses(prediction, y):
    """Return the loss of each row: log loss of probabilities, squared error of numbers."""
    if prediction.ndim == 1:
        return (prediction - y) ** 2
    return -np.log(likelihoods(prediction, y))


def likelihoods(prediction, y):
    """Return the probability of each row's class, no lower than `LOWEST_PROBABILITY`."""
    return np.clip(prediction[np.arange(len(y)), y], LOWEST_PROBABILITY, 1)


def score(prediction, y, sample_weight):
    """Return the accuracy of probabilities, and R2 of numbers."""
    if prediction.ndim == 2:
        return float(np.average(prediction.argmax(axis=1) == y, weights=sample_weight))
    spread = (y - np.average(y, weights=sample_weight)) ** 2
    total = float(np.average(spread, weights=sample_weight))
    error = float(np.average(row_losses(prediction, y), weights=sample_weight))
    return 1 - error / total if total > 0 else np.nan
