"""What each source adds to the other, with an interval."""

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
        without = {"table": predictions["image"], "image": predictions["table"]}
        fused = predictions["stacked" if strategy in without else strategy]
        used = out_of_fold.has_image
    else:
        fused = predictions[strategy]
        without = {strategy: np.broadcast_to(prior, fused.shape)}
    if not used.all():
        loss = loss.take(used)
    rows, fused = out_of_fold.rows.take(used), fused[used]
    n_rows = len(np.unique(out_of_fold.positions[used]))
    kind = "r2" if fused.ndim == 1 else "accuracy"
    lines = {}
    for name, other in without.items():
        pair = {"with": fused, "without": other[used]}
        scores = {f"{kind}_{key}": score(each, rows.y, rows.weights) for key, each in pair.items()}
        gain = _find_gain(loss, *pair.values(), out_of_fold.n_folds)
        lines[name] = {**gain, **scores, "n_rows": n_rows}
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("source")


def _find_gain(loss, fused, without, n_folds):
    """Return the gain with its interval, and the scores if there is a scorer."""
    scores = {}
    try:
        if loss.has_scorer:
            scores = {"score_with": loss.score(fused), "score_without": loss.score(without)}
        gaps = loss.losses(without) - loss.losses(fused)
    except ValueError:
        names = ["gain", "low", "high", "score_with", "score_without"]
        return dict.fromkeys(names, np.nan)
    mean = np.average(gaps, weights=loss.weights)
    margin = _find_margin(gaps - mean, loss.weights, loss.groups, n_folds)
    return {"gain": mean, "low": mean - margin, "high": mean + margin, **scores}


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
