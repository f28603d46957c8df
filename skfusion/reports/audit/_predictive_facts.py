"""Scores of single columns that predict the target out of fold, compared with chance."""

import numpy as np
import pandas as pd

from skfusion.reports.audit._fact_levels import to_levels
from skfusion.reports.audit._permutation import (
    corrected_p_values,
    count_permutations,
    permuted_rows,
)

_PERMUTATIONS = 399
_PRIOR = 2.0  # rows that a level starts with, of the mean outcome
_BLOCK = 4_000_000  # numbers at once


def predictive_facts(facts, rows, groups, generator, absent=None):
    """Test which columns predict the target out of fold better than chance.

    Parameters
    ----------
    facts : DataFrame of shape (n_rows, n_facts)
        Columns of any kind.

    rows : AuditRows
        The rows and their folds.

    groups : ndarray of int of shape (n_rows,)
        Rows of one group are not independent: no group is in training and test.

    generator : Generator
        Draws the permutations.

    absent : dict of str to ndarray of bool, default=None
        For some columns, the rows to leave out.

    Returns
    -------
    tests : DataFrame
        A line for each column that varies, with its `gain`, the share of the squared error that
        its levels explain out of fold, at most 1, and its `p_value`, corrected for all columns.
    """
    absent = absent or {}
    levels = {name: _levels(facts[name], absent.get(name)) for name in facts}
    levels = {name: some for name, some in levels.items() if some.max(initial=0) > 0}
    if not levels:
        return pd.DataFrame({"fact": [], "gain": [], "p_value": []})
    splits = [pair for pair in rows.without_groups(groups) if len(pair[0])]
    outcome = rows.outcome
    gains = np.array([_gains(some, outcome[np.newaxis], splits)[0] for some in levels.values()])
    n_permutations = count_permutations(len(rows.y), _PERMUTATIONS)
    sources = permuted_rows(rows.y, groups, n_permutations, generator)
    permuted = np.empty((n_permutations, len(levels)))
    step = max(1, _BLOCK // outcome.size)
    for first in range(0, n_permutations, step):
        some = outcome[sources[first : first + step]]
        for place, codes in enumerate(levels.values()):
            permuted[first : first + step, place] = _gains(codes, some, splits)
    # Columns of many levels gain more by chance: each is measured by its own chance.
    mean, spread = permuted.mean(axis=0), permuted.std(axis=0) + 1e-9
    p_values = corrected_p_values((gains - mean) / spread, (permuted - mean) / spread)
    return pd.DataFrame({"fact": list(levels), "gain": gains, "p_value": p_values})


def _levels(values, absent):
    """Return the levels of a column; -1 in rows to leave out."""
    if absent is None or not absent.any():
        return to_levels(values)
    levels = np.full(len(values), -1)
    levels[~absent] = to_levels(values[~absent])
    return levels


def _gains(levels, outcomes, splits):
    """Return the share of the squared error that levels explain, for several outcomes.

    `outcomes` has the shape (n_outcomes, n_rows, n_columns).
    """
    n, n_rows, n_columns = outcomes.shape
    flat = outcomes.transpose(1, 0, 2).reshape(n_rows, -1)
    hot = np.eye(levels.max() + 1)[levels]
    own, base = np.zeros(flat.shape[1]), np.zeros(flat.shape[1])
    for train, test in splits:
        train, test = train[levels[train] >= 0], test[levels[test] >= 0]
        if not len(train):
            continue
        mean = flat[train].mean(axis=0)
        counts = hot[train].sum(axis=0)[:, np.newaxis]
        means = (hot[train].T @ flat[train] + _PRIOR * mean) / (counts + _PRIOR)
        own += ((flat[test] - means[levels[test]]) ** 2).sum(axis=0)
        base += ((flat[test] - mean) ** 2).sum(axis=0)
    own, base = (sums.reshape(n, n_columns).sum(axis=1) for sums in (own, base))
    return 1 - own / np.maximum(base, 1e-12)
