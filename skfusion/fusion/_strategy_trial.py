"""StrategyTrial: how each strategy predicts rows that it has not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.fusion._out_of_fold import OutOfFold, gather
from skfusion.fusion._row_losses import row_losses
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
    """

    target_transform: str | None
    out_of_fold: OutOfFold
    predictions: dict[str, Any]

    def lowest_loss(self, strategy):
        """Return the mean loss of a strategy, for "auto" that of the best one."""
        rows = self.out_of_fold.rows
        names = [strategy] if strategy in self.predictions else list(self.predictions)
        return min(
            np.average(row_losses(self.predictions[name], rows.y), weights=rows.weights)
            for name in names
        )


def try_strategies(fits, rows, strategies, strategy, prior):
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
        trials.append(StrategyTrial(target_transform, out_of_fold, predictions))
    return min(trials, key=lambda trial: trial.lowest_loss(strategy))
