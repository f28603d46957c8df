"""What each source adds to the other, with an interval."""

import numpy as np
import pandas as pd
from scipy.stats import t

from skfusion.fusion._row_losses import row_losses, score

_LEVEL = 0.95


def source_gains(trial, strategy, prior):
    """Compare the fusion with each source left out, on rows that the models had not seen.

    Parameters
    ----------
    trial : StrategyTrial
        The predictions of all strategies.

    strategy : str
        The strategy in use. If it is a single source, "stacked" is the fusion.

    prior : float or ndarray
        The prediction without any source.

    Returns
    -------
    gains : DataFrame
        One row a source: the `gain`, by how much the loss is higher without the source, with the
        ends `low` and `high` of its interval; `accuracy_with` and `accuracy_without`, or those of
        `r2`; and `n_rows`, the number of rows compared: those with an image.

    Notes
    -----
    The interval is that of a t-test of the paired losses, grouped where rows have groups. Its
    standard error is corrected for training rows that folds share (Nadeau and Bengio, doi
    10.1023/A:1024068626366).
    """
    rows, predictions = trial.out_of_fold.rows, trial.predictions
    used = np.ones(len(rows), dtype=bool)
    if "table" in predictions and "image" in predictions:
        without = {"table": predictions["image"], "image": predictions["table"]}
        fused = predictions["stacked" if strategy in without else strategy]
        used = trial.out_of_fold.has_image
    else:
        fused = predictions[strategy]
        without = {strategy: np.broadcast_to(prior, fused.shape)}
    rows, fused = rows.take(used), fused[used]
    n_folds = trial.out_of_fold.n_folds
    n_rows = len(np.unique(trial.out_of_fold.positions[used]))
    lines = {
        name: (*_compare(fused, other[used], rows, n_folds), n_rows)
        for name, other in without.items()
    }
    kind = "r2" if fused.ndim == 1 else "accuracy"
    columns = ["gain", "low", "high", f"{kind}_with", f"{kind}_without", "n_rows"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("source")


def _compare(fused, without, rows, n_folds):
    gaps = row_losses(without, rows.y) - row_losses(fused, rows.y)
    mean = np.average(gaps, weights=rows.weights)
    margin = _find_margin(gaps - mean, rows, n_folds)
    scores = [score(each, rows.y, rows.weights) for each in (fused, without)]
    return mean, mean - margin, mean + margin, *scores


def _find_margin(deviations, rows, n_folds):
    """Return half the length of the interval of a mean."""
    squares, n_units = rows.weights * deviations**2, len(rows)
    if rows.groups is not None:
        _, groups = np.unique(rows.groups, return_inverse=True)
        squares = np.bincount(groups, weights=rows.weights * deviations) ** 2
        n_units = len(squares)
    shared = 1 + n_folds / max(n_folds - 1, 1)
    error = np.sqrt(shared * squares.sum()) / rows.weights.sum()
    return error * t.ppf((1 + _LEVEL) / 2, n_units - 1) if n_units > 1 else np.inf
