"""Rows that are typical, predicted worst, or helped and harmed most by their images."""

import numpy as np
import pandas as pd

# The smallest probability whose logarithm is taken.
_LEAST = 1e-6


def notable_rows(explanation, y, n_rows):
    """Find the rows of an explanation that are worth a look.

    Parameters
    ----------
    explanation : Explanation
        The explanation of all rows.

    y : array-like of shape (n_rows,)
        Their target.

    n_rows : int
        The number of rows of each kind.

    Returns
    -------
    rows : DataFrame
        As `Explanation.find_rows` describes it.
    """
    y = np.asarray(y)
    if y.shape != (explanation.n_rows,):
        raise ValueError(
            f"y has shape {y.shape}, but the explanation has {explanation.n_rows} rows. Pass the "
            "target of these rows, one value each."
        )
    truth, loss = _loss_of(explanation, y)
    images = explanation.sources.drop(columns="table", errors="ignore").sum(axis=1).to_numpy()
    prediction = np.asarray(explanation.prediction)
    losses = loss(prediction, truth)
    helped = loss(prediction - images, truth) - losses
    shares = explanation.sources.to_numpy()
    distance = np.abs(shares - np.median(shares, axis=0)).sum(axis=1)
    kinds = {
        "most typical": (distance, np.argsort(distance, kind="stable")),
        "most wrong": (losses, np.argsort(-losses, kind="stable")),
        "most helped by the image": (helped, np.argsort(-helped, kind="stable")),
        "most harmed by the image": (helped, np.argsort(helped, kind="stable")),
    }
    lines = [
        (kind, int(row), float(values[row]))
        for kind, (values, order) in kinds.items()
        for row in order[:n_rows]
        if _belongs(kind, values[row])
    ]
    return pd.DataFrame(lines, columns=["kind", "row", "value"])


def _belongs(kind, value):
    """Return whether a row is of a kind at all: one that is harmed isn't helped least."""
    if kind == "most helped by the image":
        return value > 0
    return kind != "most harmed by the image" or value < 0


def _loss_of(explanation, y):
    """Return the target as numbers, and the loss of predictions: log loss or squared error."""
    names = set(explanation.names)
    if len(names) > 1:
        raise ValueError(
            "Each row explains its own predicted class, and their losses can't be compared. Call "
            "explain with target=one of the classes."
        )
    if not next(iter(names)).startswith("probability"):
        return y.astype(float), _squared_error
    return (y == explanation.target).astype(float), _log_loss


def _squared_error(prediction, truth):
    return (prediction - truth) ** 2


def _log_loss(prediction, truth):
    clipped = np.clip(prediction, _LEAST, 1 - _LEAST)
    return -np.where(truth == 1, np.log(clipped), np.log1p(-clipped))
