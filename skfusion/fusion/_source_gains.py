"""The gain of each source beside the other, with an interval."""

import numpy as np
import pandas as pd
from scipy.stats import t

from skfusion.fusion._row_losses import score

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
        One row a source, with the columns of `FusionVerdict.sources`. The rows compared are those
        with an image. Where the scorer fails on these, as without a row of a class, `gain` and
        what belongs to it are NaN.

    Notes
    -----
    The interval is that of a t-test of the paired losses of rows, grouped where rows have groups,
    or of the pseudo-values of a score. Its standard error is corrected for training rows that
    folds share (Nadeau and Bengio, doi 10.1023/A:1024068626366).
    """
    out_of_fold, predictions, loss = trial.out_of_fold, trial.predictions, trial.loss
    used = np.ones(len(out_of_fold.rows), dtype=bool)
    if "table" in predictions and "image" in predictions:
        used, without = out_of_fold.has_image, {"table": "image", "image": "table"}
        strategy = "stacked" if strategy in without else strategy
    else:
        constant = np.broadcast_to(prior, predictions[strategy].shape)
        predictions, without = {**predictions, "constant": constant}, {strategy: "constant"}
    known, rows = trial.losses, out_of_fold.rows.take(used)
    if not used.all():
        known, loss = {}, loss.take(used)
    losses, scores = {}, {}
    for name in [strategy, *without.values()]:
        judged = _judge(predictions[name][used], rows, loss, known.get(name))
        losses[name], scores[name] = judged
    n_rows = len(np.unique(out_of_fold.positions[used]))
    lines = {}
    for name, other in without.items():
        gaps = losses[other] - losses[strategy]
        lines[name] = line = _find_interval(gaps, loss, out_of_fold.n_folds)
        for kind, value in scores[strategy].items():
            line |= {f"{kind}_with": value, f"{kind}_without": scores[other][kind]}
        line["n_rows"] = n_rows
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("source")


def _judge(prediction, rows, loss, losses):
    """Return the losses of a prediction, which may be there already, and its scores."""
    scores, kind = {}, "r2" if prediction.ndim == 1 else "accuracy"
    try:
        losses = loss.losses(prediction) if losses is None else losses
        if loss.has_scorer:
            scores["score"] = loss.score(prediction)
    except ValueError:  # of a scorer, on rows that lack a class
        losses, scores["score"] = np.full(len(loss.weights), np.nan), np.nan
    scores[kind] = score(prediction, rows.y, rows.weights)
    return losses, scores


def _find_interval(gaps, loss, n_folds):
    """Return the mean of paired differences with its interval."""
    mean = np.average(gaps, weights=loss.weights)
    margin = _find_margin(gaps - mean, loss.weights, loss.groups, n_folds)
    return {"gain": mean, "low": mean - margin, "high": mean + margin}


def _find_margin(deviations, weights, groups, n_folds):
    """Return half the length of the interval of a mean."""
    squares, n_units = weights * deviations**2, len(weights)
    if groups is not None:
        _, numbers = np.unique(groups, return_inverse=True)
        squares = np.bincount(numbers, weights=weights * deviations) ** 2
        n_units = len(squares)
    shared = 1 + n_folds / max(n_folds - 1, 1)
    error = np.sqrt(shared * squares.sum()) / weights.sum()
    return error * t.ppf((1 + _LEVEL) / 2, n_units - 1) if n_units > 1 else np.inf
