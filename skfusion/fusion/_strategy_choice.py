"""The comparison of strategies, and the choice between them."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from skfusion.fusion._row_losses import row_losses, score

# From how many standard errors on a difference is no chance.
_SURE = 2.0


class Thresholds(NamedTuple):
    """The thresholds of the choice, in standard errors; `benchmarks/choice.py` chose the numbers.

    Attributes
    ----------
    informative : float
        From which evidence on a source holds information.

    chance, apart : float
        A source with less evidence than `chance` is taken for noise if that of the better source is
        higher by `apart`, too: few rows prove little.

    beside_noise : float
        By how much a fusion has to beat the better source if that alone holds information.

    beside_weaker : float
        The same if both do, and the other one is surely worse.

    needed : float
        The same else: both sources predict alike.

    most : float
        By which share of the better source's loss that of a fusion may be higher. A few rows with
        large losses make standard errors so large that they allow any difference.
    """

    informative: float = 2.0
    chance: float = 1.0
    apart: float = 1.5
    beside_noise: float = 2.0
    beside_weaker: float = 0.0
    needed: float = -1.5
    most: float = 0.02


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
    chosen = chosen or choose(losses, trial.evidence, *units)
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


def choose(losses, evidence, weights=None, groups=None, thresholds=_THRESHOLDS):
    """Choose between the better source alone and a fusion of both.

    Parameters
    ----------
    losses : dict of str to ndarray of shape (n_units,)
        Each row's loss under each strategy, or that of each block of rows; of all five, or of
        the only source.

    evidence : dict of str to float
        How surely each source predicts better than chance, as `find_evidence` returns it.

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
        Where the worse source alone is hardly better than chance, it may be noise: the fusion then
        has to be surely better than the better source. Where it holds information, but much
        less, the fusion has to be better. Else the fusion is chosen unless it is worse: to leave
        one of two sources out that predict alike is a guess, and a wrong guess costs more than to
        keep both.

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
    >>> fused, evidence = np.array([0.2, 0.1, 0.3, 0.1]), {"table": 5.0, "image": -0.5}
    >>> losses = {"table": table, "image": image, "late": fused, "stacked": fused, "early": image}
    >>> choose(losses, evidence)
    'table'
    >>> evidence = {"table": 5.0, "image": 5.0}
    >>> choose(losses, evidence)
    'stacked'

    A row with a large loss makes the standard error as large as the difference. A fusion is not
    chosen for that:

    >>> fused[0], losses["image"] = 9.0, table + 0.01
    >>> choose(losses, evidence)
    'table'
    """
    if len(losses) == 1:
        return next(iter(losses))
    if weights is None:
        weights = np.ones(len(losses["table"]))
    better, other = sorted(
        ("table", "image"), key=lambda name: np.average(losses[name], weights=weights)
    )
    fused = _find_best(
        {name: losses[name] for name in losses if name not in (better, other)}, weights
    )
    if not _is_better(losses[fused], losses["stacked"], _SURE, weights, groups):
        fused = "stacked"
    if _is_noise(evidence[other], evidence[better], thresholds):
        needed = thresholds.beside_noise
    elif _is_better(losses[better], losses[other], _SURE, weights, groups):
        needed = thresholds.beside_weaker
    else:
        needed = thresholds.needed
    is_allowed = _is_near(losses[fused], losses[better], thresholds.most, weights)
    is_allowed &= _is_better(losses[fused], losses[better], needed, weights, groups)
    return fused if is_allowed else better


def _is_noise(evidence, of_better, thresholds):
    """Return whether a source may be noise, by its evidence and that of the better source."""
    if evidence < thresholds.chance and of_better - evidence > thresholds.apart:
        return True
    return evidence <= thresholds.informative < of_better


def _find_best(losses, weights):
    return min(losses, key=lambda name: np.average(losses[name], weights=weights))


def _is_better(losses, others, needed, weights, groups):
    """Return whether losses are lower than others by more than `needed` standard errors."""
    gap, error = _gap(others, losses, weights, groups)
    return gap > needed * error


def _is_near(losses, others, share, weights):
    """Return whether losses are above others by no more than a share of these."""
    mean, other = (np.average(each, weights=weights) for each in (losses, others))
    return mean - other <= share * abs(other)


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
