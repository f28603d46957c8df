"""Findings on folds that differ from each other more than by chance."""

import numpy as np
import pandas as pd

from skfusion.reports.audit._fact_levels import to_levels
from skfusion.reports.audit._finding import GRAVE, MINOR, NOTE, Finding
from skfusion.reports.audit._permutation import (
    corrected_p_values,
    count_permutations,
    permuted_rows,
)

_PERMUTATIONS = 199
_P_VALUE = 0.01
_SHOWN = 5


def fold_findings(rows, images, groups, generator):
    """Return the findings on folds: missing classes, and differences.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    groups : ndarray of int of shape (n_rows,)
        Rows that belong together. Where folds keep them together, they are permuted together.

    generator : Generator
        Draws permutations.

    Returns
    -------
    findings : list of Finding
        A class that a training set lacks is grave. Folds that differ in the target are minor,
        in other columns and facts a note.
    """
    found = _lacking_classes(rows)
    folds = _fold_of(rows)
    if folds is None:
        return found
    columns = pd.concat([images.facts()[0], rows.table[rows.table_columns]], axis=1)
    columns.columns = columns.columns.map(str)
    levels = {"y": to_levels(pd.Series(rows.y))}
    levels |= {name: to_levels(columns.iloc[:, i]) for i, name in enumerate(columns)}
    levels = {name: some for name, some in levels.items() if some.max(initial=0) > 0}
    if not levels:
        return found
    observed = _differences(levels, folds[np.newaxis])[0]
    n_permutations = count_permutations(len(folds), _PERMUTATIONS)
    sources = permuted_rows(folds, groups, n_permutations, generator)
    p_values = corrected_p_values(observed, _differences(levels, folds[sources]))
    differing = [name for name, p in zip(levels, p_values, strict=True) if p <= _P_VALUE]
    if differing:
        severity = MINOR if "y" in differing else NOTE
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        found.append(
            Finding(
                "folds differ",
                severity,
                [],
                f"The distribution of {', '.join(differing[:_SHOWN])}{more} differs between folds "
                f"(p = {p_values.min():.3f}, corrected for {len(levels)} columns and facts).",
                "Shuffle the rows, and stratify by the target, unless folds are to differ.",
                ", ".join(differing[:_SHOWN]),
            )
        )
    return found


def _lacking_classes(rows):
    found = []
    for number, (train, test) in enumerate(rows.splits):
        if rows.classes is None:
            break
        lacking = np.setdiff1d(rows.y[test], rows.y[train])
        if len(lacking):
            found.append(
                Finding(
                    "class is missing in training",
                    GRAVE,
                    test[np.isin(rows.y[test], lacking)].tolist(),
                    f"Fold {number} tests rows of class {lacking.tolist()[0]!r}, but no row of its "
                    "training set has it.",
                    "Use fewer folds, or StratifiedKFold with shuffle=True.",
                    f"fold {number}",
                )
            )
    return found


def _fold_of(rows):
    """Return the test fold of each row; None where rows are not in one test fold each."""
    folds = np.full(len(rows.y), -1)
    for number, (_, test) in enumerate(rows.splits):
        if (folds[test] >= 0).any():
            return None
        folds[test] = number
    return folds if len(rows.splits) > 1 and (folds >= 0).all() else None


def _differences(levels, folds):
    """Return for each column how much of the variance of its levels is between folds."""
    n_folds = folds.max() + 1
    values = np.empty((len(folds), len(levels)))
    for place, codes in enumerate(levels.values()):
        n_levels = codes.max() + 1
        shares = np.bincount(codes) / len(codes)
        for number, one in enumerate(folds):
            table = np.bincount(one * n_levels + codes, minlength=n_folds * n_levels)
            table = table.reshape(n_folds, n_levels)
            sizes = np.maximum(table.sum(axis=1, keepdims=True), 1)
            expected = sizes * shares
            # Chi-squared by its degrees of freedom, so that columns are comparable.
            freedom = (n_folds - 1) * (n_levels - 1)
            values[number, place] = ((table - expected) ** 2 / expected).sum() / freedom
    return values
