"""The inner folds of a fusion, within the time of its fit."""

import time

import numpy as np
from joblib import effective_n_jobs

from skfusion.fusion._out_of_fold import fit_folds
from skfusion.fusion._time_budget import find_affordable

# What belongs to no candidate.
_REST = "rest"


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
    fits, skipped, deadline = [], (), budget.deadline(len(folds) + 1)
    is_limited, at_once = budget.max_time is not None, effective_n_jobs(n_jobs)
    final = len(rows) / len(folds[0][0])  # the cost of a fit on all rows
    while len(fits) < len(folds):
        start, n_done = time.perf_counter(), len(fits)
        # With limited time, each round shows whether the next ones are too slow.
        size = (at_once if fits else 1) if is_limited else len(folds)
        some = folds[n_done : n_done + size]
        for fit in fit_folds(sources, models, rows, some, n_jobs, skipped, deadline):
            fits.append(fit)
            on_fit()
        if is_limited:
            n_fits = np.ceil((len(folds) - len(fits)) / at_once) + final
            taken = time.perf_counter() - start
            skipped, deadline = _find_skipped(fits[-1], taken, budget.left, n_fits), np.inf
    return fits


def _find_skipped(fit, taken, left, n_fits):
    """Return the candidates for which the time is too short, after a fit that took so long."""
    models, seconds = next(iter(fit.models.values())).models_, fit.log.seconds
    leading = [group[0] for group in models.values()]
    needed = {model.name for model in leading} | {n for model in leading for n in model.blocks}
    rest = {_REST: max(0.0, taken - sum(seconds.values()))}
    kept = find_affordable(seconds | rest, {*needed, _REST}, left, n_fits)
    return {*fit.log.left_out, *seconds} - {*kept}
