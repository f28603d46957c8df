"""StrategyTrial: how each strategy predicts rows that it has not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.fusion._choice_loss import ChoiceLoss
from skfusion.fusion._out_of_fold import OutOfFold, gather
from skfusion.fusion._source_evidence import find_evidence
from skfusion.fusion._strategy_cv import cross_validate_strategy


@dataclass(frozen=True)
class StrategyTrial:
    """Predictions of all strategies with one transform of the target.

    Attributes
    ----------
    target_transform : {"log", "quantile"} or None
        The transform.

    out_of_fold : OutOfFold
        Predictions of all models for rows that they have not seen.

    predictions : dict of str to ndarray
        Predictions of each strategy for rows that it has not seen.

    loss : ChoiceLoss
        The loss by which strategies are compared.

    losses : dict of str to ndarray of shape (n_units,)
        That of each strategy.

    evidence : dict of str to float
        How surely each source predicts better than chance.
    """

    target_transform: str | None
    out_of_fold: OutOfFold
    predictions: dict[str, Any]
    loss: ChoiceLoss
    losses: dict[str, Any]
    evidence: dict[str, float]

    def lowest_loss(self, strategy):
        """Return the mean loss of a strategy, for "auto" that of the best one."""
        names = [strategy] if strategy in self.losses else list(self.losses)
        return min(np.average(self.losses[name], weights=self.loss.weights) for name in names)


def try_strategies(fits, rows, strategies, strategy, prior, make_loss):
    """Return the trial of the transform with the lowest loss.

    Parameters
    ----------
    fits : list of FoldFit
        What was fitted in the folds, with one transform or several.

    rows : FusionRows
        All rows.

    strategies : list of str
        The strategies to try.

    strategy : str
        The strategy that the user has chosen, or "auto".

    prior : float or ndarray
        The prediction for rows without an image where there is no table.

    make_loss : callable
        Called with targets, weights, groups and numbers of rows, it returns a ChoiceLoss.

    Returns
    -------
    trial : StrategyTrial
        Of the first transform, unless the loss of another is lower.
    """
    trials = []
    for target_transform in fits[0].models:
        out_of_fold = gather(fits, rows, target_transform)
        predictions = {
            name: cross_validate_strategy(name, out_of_fold, prior) for name in strategies
        }
        unseen = out_of_fold.rows
        numbers = out_of_fold.positions
        loss = make_loss(unseen.y, unseen.weights, unseen.groups, numbers=numbers)
        losses = {name: loss.losses(prediction) for name, prediction in predictions.items()}
        evidence = {
            name: find_evidence(predictions[name], unseen.y, unseen.weights, unseen.groups)
            for name in ("table", "image")
            if name in predictions
        }
        trials.append(
            StrategyTrial(target_transform, out_of_fold, predictions, loss, losses, evidence)
        )
    return min(trials, key=lambda trial: trial.lowest_loss(strategy))
