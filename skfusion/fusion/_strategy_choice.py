"""The comparison of strategies, and the choice between them."""

import numpy as np
import pandas as pd

from skfusion.fusion._row_losses import row_losses, score

# By how many standard errors a model that leaves something out has to be better.
_SURE = 2


def compare(predictions, y, sample_weight, chosen=None):
    """Return a table of losses and scores, with one line chosen.

    Parameters
    ----------
    predictions : dict of str to ndarray
        By strategy, predictions for rows that it has not seen.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    sample_weight : ndarray of shape (n_rows,)
        Weights of the rows.

    chosen : str, default=None
        The strategy that the user has chosen; None chooses one.

    Returns
    -------
    scores : DataFrame
        One row a strategy: its `loss`; its `accuracy`, or `r2` for numbers; the loss's
        `difference` to the lowest, that difference's `standard_error`, and whether the strategy
        is `chosen`.
    """
    losses = {name: row_losses(prediction, y) for name, prediction in predictions.items()}
    best = _find_best(losses, sample_weight)
    chosen = chosen or choose(losses, sample_weight)
    lines = {}
    for name, loss in losses.items():
        gap, error = _gap(losses, sample_weight, name, best)
        mean = np.average(loss, weights=sample_weight)
        value = score(predictions[name], y, sample_weight)
        lines[name] = (mean, value, gap, error, name == chosen)
    kind = "r2" if predictions[best].ndim == 1 else "accuracy"
    columns = ["loss", kind, "difference", "standard_error", "chosen"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("strategy")


def choose(losses, sample_weight=None):
    """Choose the preferred strategy among those within one standard error of the lowest loss.

    Parameters
    ----------
    losses : dict of str to ndarray of shape (n_rows,)
        Each row's loss under each strategy; of all five, or of the only source.

    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows.

    Returns
    -------
    name : str
        The better single source is preferred, as the simplest, but only where it is better than
        the other by more than two standard errors: where that is not sure, to leave one out is a
        guess, and a wrong guess costs more than to keep both. Next is "stacked", which leaves out
        nothing, then "late". "early", which leaves out the models of single sources, has to be
        better than "stacked" by more than two standard errors as well.

    Notes
    -----
    The errors are those of the differences row by row, which are much smaller than those of the
    losses themselves. For the rule, see Breiman, Friedman, Olshen and Stone, "Classification and
    regression trees" (doi 10.1201/9781315139470), section 3.4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._strategy_choice import choose
    >>> table, image = np.array([0.1, 0.2, 0.3, 0.2]), np.array([0.8, 0.9, 0.9, 0.8])
    >>> fused = np.array([0.2, 0.1, 0.3, 0.1])
    >>> choose({"table": table, "image": image, "late": fused, "stacked": fused, "early": image})
    'table'
    """
    if sample_weight is None:
        sample_weight = np.ones(len(next(iter(losses.values()))))
    allowed = _by_preference(losses, sample_weight)
    best = _find_best({name: losses[name] for name in allowed}, sample_weight)
    within = (name for name in allowed if np.less_equal(*_gap(losses, sample_weight, name, best)))
    return next(within)


def _find_best(losses, sample_weight):
    return min(losses, key=lambda name: np.average(losses[name], weights=sample_weight))


def _by_preference(losses, sample_weight):
    """Return the strategies that may be chosen; of two alike, the first one is."""
    if len(losses) == 1:
        return list(losses)
    better = _find_best({name: losses[name] for name in ("table", "image")}, sample_weight)
    other = {"table": "image", "image": "table"}[better]
    allowed = ["stacked", "late"]
    if _is_surely_better(losses, sample_weight, better, other):
        allowed.insert(0, better)
    if _is_surely_better(losses, sample_weight, "early", "stacked"):
        allowed.append("early")
    return allowed


def _is_surely_better(losses, sample_weight, name, other):
    gap, error = _gap(losses, sample_weight, other, name)
    return gap > _SURE * error


def _gap(losses, sample_weight, name, best):
    """Return by how much a strategy is worse than the best, and that difference's standard error.

    A row of weight 2 counts as two rows.
    """
    gaps = losses[name] - losses[best]
    mean = np.average(gaps, weights=sample_weight)
    variance = np.average((gaps - mean) ** 2, weights=sample_weight)
    return mean, np.sqrt(variance / sample_weight.sum())
