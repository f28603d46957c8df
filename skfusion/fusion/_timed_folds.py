"""The inner folds of a fusion, within the time of its fit."""

import numpy as np
from joblib import effective_n_jobs

from skfusion.fusion._out_of_fold import fit_folds
from skfusion.fusion._time_budget import find_affordable


def fit_within(budget, sources, models, rows, folds, n_jobs, on_fit):
    """Fit on all folds; with limited time, leave out what the first fold shows to be too slow.

    Parameters
    ----------
    budget : TimeBudget
        The time.

    sources, models, rows, folds, n_jobs
        As in `fit_folds`.

    on_fit : callable
        Called after each fold.

    Returns
    -------
    fits : list of FoldFit
        One for each fold.
    """
    fits, skipped = [], ()
    if budget.max_time is not None:
        deadline = budget.deadline(len(folds) + 1)
        fits = list(fit_folds(sources, models, rows, folds[:1], None, (), deadline))
        final = len(rows) / len(folds[0][0])  # the cost of a fit on all rows
        n_fits = np.ceil((len(folds) - 1) / effective_n_jobs(n_jobs)) + final
        skipped = _find_skipped(fits[0], budget.left, n_fits)
        on_fit()
    for fit in fit_folds(sources, models, rows, folds[len(fits) :], n_jobs, skipped):
        fits.append(fit)
        on_fit()
    return fits


def _find_skipped(first, left, n_fits):
    """Return the candidates for which the time is too short, after the first of several fits."""
    models = next(iter(first.models.values())).models_
    leading = [group[0] for group in models.values()]
    needed = {model.name for model in leading} | {n for model in leading for n in model.blocks}
    kept = find_affordable(first.log.seconds, needed, left, n_fits)
    return {*first.log.left_out, *first.log.seconds} - {*kept}
