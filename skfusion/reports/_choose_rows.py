"""Choose the rows that a report explains."""

import numpy as np

MOST = 4


def choose_rows(predictions, y=None):
    """Choose rows whose predictions are worth a look.

    Parameters
    ----------
    predictions : RowPredictions
        The predictions.

    y : ndarray of shape (n_rows,), default=None
        The target.

    Returns
    -------
    chosen : dict of int to str
        At most four positions of rows, and why each was chosen: the two largest errors, the least
        certain prediction and the most certain right one. Without a target, the least and the most
        certain prediction; of numbers, the highest, the lowest and the median one.
    """
    if predictions.is_classes:
        candidates = _of_classes(predictions, y)
    else:
        candidates = _of_numbers(predictions.values, y)
    chosen = {}
    for row, reason in candidates:
        if row not in chosen and len(chosen) < MOST:
            chosen[row] = reason
    return chosen


def _of_classes(predictions, y):
    certainty = _certainty(predictions)
    order = np.argsort(certainty, kind="stable").tolist()
    if y is None:
        certain = [(row, "most certain") for row in order[::-1][:2]]
        return [*certain, *((row, "least certain") for row in order[:2])]
    is_right = predictions.codes_of(predictions.values) == predictions.codes_of(y)
    wrong = [(row, "wrong and certain") for row in order[::-1] if not is_right[row]]
    right = [(row, "right and certain") for row in order[::-1] if is_right[row]]
    least = [(row, "least certain") for row in order]
    return [*wrong[:2], *least[:1], *right[:1], *right[1:2], *least[1:2]]


def _of_numbers(values, y):
    if y is None:
        order = np.argsort(values, kind="stable").tolist()
        middle = order[len(order) // 2]
        return [
            (order[-1], "highest prediction"),
            (order[0], "lowest prediction"),
            (middle, "median prediction"),
        ]
    errors = np.abs(y.astype(float) - values)
    order = np.argsort(errors, kind="stable").tolist()
    worst = [(row, "largest error") for row in order[::-1][:2]]
    return [*worst, (order[len(order) // 2], "median error"), (order[0], "smallest error")]


def _certainty(predictions):
    """Return by how much the first class is ahead of the second one."""
    ranking = predictions.ranking
    if ranking is None:
        return np.zeros(len(predictions.values))
    best = np.sort(ranking, axis=1)
    return best[:, -1] - best[:, -2] if best.shape[1] > 1 else best[:, -1]
