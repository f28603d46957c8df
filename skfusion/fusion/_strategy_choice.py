"""The comparison of strategies, and the choice between them."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skfusion.fusion._row_losses import row_losses, score

# From how many standard errors on a difference is no chance.
_SURE = 2.0


class Thresholds(NamedTuple):
    """What the choice needs, in standard errors; `benchmarks/choice.py` chose the numbers.

    Attributes
    ----------
    informative : float
        By how much a source has to beat a constant to be more than noise.

    beside_noise : float
        By how much a fusion has to beat the better source if the other one is noise.

    needed : float
        The same if the other one is not noise.
    """

    informative: float = 1.0
    beside_noise: float = 2.0
    needed: float = -1.0


_THRESHOLDS = Thresholds()


def compare(trial, chosen=None):
    """Return a table of losses and scores, with one line chosen.

    Parameters
    ----------
    trial : StrategyTrial
        Predictions and losses of the strategies for rows that they have not seen.

    chosen : str, default=None
        The strategy that the user has chosen; None chooses one.

    Returns
    -------
    scores : DataFrame
        One row a strategy: its `loss`; its `accuracy`, or `r2` for numbers; its `score`, if there
        is a scorer; the `difference` of its loss, or score, to the best; that difference's
        `standard_error`; and whether the strategy is `chosen`.
    """
    rows, losses = trial.out_of_fold.rows, trial.losses
    units = trial.loss.weights, trial.loss.groups
    best = _find_best(losses, trial.loss.weights)
    chosen = chosen or choose(losses, trial.constant, *units)
    lines = {}
    for name, prediction in trial.predictions.items():
        lines[name] = line = {
            "loss": np.average(row_losses(prediction, rows.y), weights=rows.weights)
        }
        kind = "r2" if prediction.ndim == 1 else "accuracy"
        line[kind] = score(prediction, rows.y, rows.weights)
        if trial.loss.has_scorer:
            line["score"] = trial.loss.score(prediction)
        line["difference"], line["standard_error"] = _gap(losses[name], losses[best], *units)
        line["chosen"] = name == chosen
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("strategy")


def choose(losses, constant, weights=None, groups=None, thresholds=_THRESHOLDS):
    """Choose between the better source alone and a fusion of both.

    Parameters
    ----------
    losses : dict of str to ndarray of shape (n_units,)
        Each row's loss under each strategy, or that of each block of rows; of all five, or of
        the only source.

    constant : ndarray of shape (n_units,)
        The losses of predicting the mean, or the share of each class.

    weights : ndarray of shape (n_units,), default=None
        Weights of the units.

    groups : ndarray of shape (n_units,), default=None
        Units of one group are not independent.

    thresholds : Thresholds, default=Thresholds()
        What the choice needs.

    Returns
    -------
    name : str
        The fusion is "stacked", unless another one is better by more than two standard errors.
        Where the worse source alone is hardly better than a constant, it may be noise: the fusion
        then has to be better than the better source by more than two standard errors. Else it
        is chosen unless it is worse by one: where both sources hold information, they rarely
        hold the same, and the difference is larger with the rows that predictions are made from.

    Notes
    -----
    The errors are those of the differences row by row, which are much smaller than those of the
    losses themselves. For the rule of one standard error, see Breiman, Friedman, Olshen and
    Stone, "Classification and regression trees" (doi 10.1201/9781315139470), section 3.4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._strategy_choice import choose
    >>> table, image = np.array([0.1, 0.2, 0.3, 0.2]), np.array([0.8, 0.9, 0.9, 0.8])
    >>> fused, constant = np.array([0.2, 0.1, 0.3, 0.1]), np.full(4, 0.7)
    >>> losses = {"table": table, "image": image, "late": fused, "stacked": fused, "early": image}
    >>> choose(losses, constant)
    'table'
    """
    if len(losses) == 1:
        return next(iter(losses))
    if weights is None:
        weights = np.ones(len(constant))
    better, other = sorted(
        ("table", "image"), key=lambda name: np.average(losses[name], weights=weights)
    )
    fused = _find_best(
        {name: losses[name] for name in losses if name not in (better, other)}, weights
    )
    if not _is_better(losses[fused], losses["stacked"], _SURE, weights, groups):
        fused = "stacked"
    holds_information = _is_better(losses[other], constant, thresholds.informative, weights, groups)
    needed = thresholds.needed if holds_information else thresholds.beside_noise
    return fused if _is_better(losses[fused], losses[better], needed, weights, groups) else better


def _find_best(losses, weights):
    return min(losses, key=lambda name: np.average(losses[name], weights=weights))


def _is_better(losses, others, needed, weights, groups):
    """Return whether losses are lower than others by more than `needed` standard errors."""
    gap, error = _gap(others, losses, weights, groups)
    return gap > needed * error


def _gap(losses, best, weights, groups):
    """Return by how much losses are higher than the best, and that difference's standard error.

    A row of weight 2 counts as two rows.
    """
    gaps = losses - best
    mean = np.average(gaps, weights=weights)
    squares = weights * (gaps - mean) ** 2
    if groups is not None:
        _, numbers = np.unique(groups, return_inverse=True)
        squares = np.bincount(numbers, weights=weights * (gaps - mean)) ** 2
    return mean, np.sqrt(squares.sum()) / weights.sum()
