"""How each strategy fares on rows not seen, and which is chosen."""

import numpy as np
import pandas as pd

from skfusion.fusion._combination import VIEWS_OF, Combination, row_losses

# Standard errors by which a model that stands alone has to be better than one that hedges.
_SURE = 2


def select(predictions, rows):
    """Predictions for some rows only."""
    return {view: [values[rows] for values in arrays] for view, arrays in predictions.items()}


def combine(combination, predictions, imaged, prior):
    """A strategy's predictions for all rows, with or without an image.

    Parameters
    ----------
    combination : Combination
        The fitted strategy.

    predictions : dict of str to list of ndarray
        By view; those of rows without an image are not looked at.

    imaged : ndarray of bool of shape (n_rows,)
        Which rows have an image.

    prior : Combination or ndarray
        What rows without an image get: the table's prediction where there is a table, else the
        share of each class or the mean.

    Returns
    -------
    prediction : ndarray of shape (n_rows,) or (n_rows, n_classes)
        One prediction a row.
    """
    if imaged.all() or combination.strategy == "table":
        return combination.predict(predictions)
    with_image = combination.predict(select(predictions, imaged))
    whole = np.empty((len(imaged), *with_image.shape[1:]))
    whole[imaged] = with_image
    if isinstance(prior, Combination):
        whole[~imaged] = prior.predict(select(predictions, ~imaged))
    else:
        whole[~imaged] = prior
    return whole


def cross_validate_strategies(out_of_fold, y, name, prior, applied=None):
    """A strategy's predictions for rows that took no part in fitting its weights either.

    Parameters
    ----------
    out_of_fold : OutOfFold
        The predictions of all models.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    name : str
        The strategy.

    prior : float or ndarray
        What rows without an image get where there is no table.

    applied : list of dict, default=None
        Predictions of all models that each fold's strategy is applied to; None takes those of
        `out_of_fold` alone.

    Returns
    -------
    judged : list of ndarray of shape (n_rows,) or (n_rows, n_classes)
        One prediction a row, for each of `applied`.
    """
    applied = [out_of_fold.predictions] if applied is None else applied
    view = VIEWS_OF[name][0]
    judged = [np.empty(predictions[view][0].shape) for predictions in applied]
    for fold in range(out_of_fold.fold.max() + 1):
        test = out_of_fold.fold == fold
        combination, fallback = fit_combination(name, out_of_fold, y, ~test, prior)
        for whole, predictions in zip(judged, applied, strict=True):
            whole[test] = combine(
                combination, select(predictions, test), out_of_fold.imaged[test], fallback
            )
    return judged


def fit_combination(name, out_of_fold, y, rows, prior):
    """A strategy fitted on some rows, and what rows without an image get."""
    imaged = rows & out_of_fold.imaged
    taught = rows if name == "table" else imaged
    combination = Combination(name).fit(select(out_of_fold.predictions, taught), y[taught])
    if name == "table":
        return combination, combination
    # Also where all rows have an image: those that come to be predicted may have none.
    if "table" in out_of_fold.predictions:
        table = select(out_of_fold.predictions, rows)
        prior = Combination("table").fit(table, y[rows])
    return combination, prior


def compare(judged, y, chosen=None):
    """A table of the strategies' losses, with one of them chosen.

    Parameters
    ----------
    judged : dict of str to ndarray
        By strategy, predictions for rows not seen.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    chosen : str, default=None
        The strategy the user asked for; None chooses.

    Returns
    -------
    scores : DataFrame
        One row a strategy: `loss`, its `difference` to the lowest, that difference's
        `standard_error`, and whether it is `chosen`.
    """
    losses = {name: row_losses(prediction, y) for name, prediction in judged.items()}
    best = min(losses, key=lambda name: losses[name].mean())
    chosen = chosen or choose(losses)
    lines = {}
    for name, loss in losses.items():
        gap, error = _gap(losses, name, best)
        lines[name] = (loss.mean(), gap, error, name == chosen)
    columns = ["loss", "difference", "standard_error", "chosen"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("strategy")


def choose(losses):
    """The strategy that is preferred among those within one standard error of the lowest loss.

    Parameters
    ----------
    losses : dict of str to ndarray of shape (n_rows,)
        Each row's loss under each strategy; of all five, or of the only source.

    Returns
    -------
    name : str
        Preferred is the simplest, the better single source, but only where it is better than the
        other by more than two standard errors: where that is not sure, leaving one out is a
        guess, and a wrong one costs more than keeping both. Among fusions doubt speaks for
        "stacked", which leaves out nothing; then comes "late". "early", which leaves out the
        models of single sources, has to be surely better than "stacked", by two standard errors
        as well.

    Notes
    -----
    The errors are those of the differences row by row, which are much smaller than those of the
    losses themselves. For the rule, see Breiman, Friedman, Olshen and Stone, "Classification and
    regression trees" (doi 10.1201/9781315139470), section 3.4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._strategy_cv import choose
    >>> table, image = np.array([0.1, 0.2, 0.3, 0.2]), np.array([0.8, 0.9, 0.9, 0.8])
    >>> fused = np.array([0.2, 0.1, 0.3, 0.1])
    >>> choose({"table": table, "image": image, "late": fused, "stacked": fused, "early": image})
    'table'
    """
    allowed = _by_preference(losses)
    best = min(allowed, key=lambda name: losses[name].mean())
    within = (name for name in allowed if np.less_equal(*_gap(losses, name, best)))
    return next(within)


def _by_preference(losses):
    """Strategies that may be chosen; where two are alike, the first of them is."""
    if len(losses) == 1:
        return list(losses)
    single = sorted(("table", "image"), key=lambda name: losses[name].mean())
    allowed = ["stacked", "late"]
    if _is_surely_better(losses, *single):
        allowed.insert(0, single[0])
    if _is_surely_better(losses, "early", "stacked"):
        allowed.append("early")
    return allowed


def _is_surely_better(losses, name, other):
    gap, error = _gap(losses, other, name)
    return gap > _SURE * error


def _gap(losses, name, best):
    """By how much a strategy is worse than the best, and that difference's standard error."""
    gap = losses[name] - losses[best]
    return gap.mean(), gap.std() / np.sqrt(len(gap))
