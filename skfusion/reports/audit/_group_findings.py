"""Findings on groups that cross folds, and the groups that keep them together."""

import numpy as np
import pandas as pd

from skfusion.reports.audit._finding import GRAVE, NOTE, Finding
from skfusion.reports.audit._group_guesses import guess_groups

_PERMUTATIONS = 199
_P_VALUE = 0.01
_ROWS = 2000


def group_findings(rows, images, generator):
    """Return the findings on groups, and the keys that are groups.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    generator : Generator
        Draws permutations.

    Returns
    -------
    findings : list of Finding
        A given or guessed group that is in training and test is grave; a guess from names, only
        if its rows are more alike than others.

    keys : list of ndarray of int of shape (n_rows,)
        Those to keep together.
    """
    findings, keys = [], []
    if rows.groups is not None:
        given = np.unique(rows.groups, return_inverse=True)[1]
        keys.append(given)
        findings += _crossing(rows, given, "the given groups", GRAVE, "")
    features = None
    for guess in guess_groups(rows, images):
        is_group, alike = guess.is_explicit, ""
        if not is_group:
            features = _features(rows, images) if features is None else features
            p_value = _likeness_p_value(guess.keys, features, generator)
            is_group = p_value <= _P_VALUE
            alike = f" Rows that share it are more alike than others (p = {p_value:.3f})."
        found = _crossing(rows, guess.keys, guess.name, GRAVE if is_group else NOTE, alike)
        if is_group:
            keys.append(guess.keys)
        findings += found
    return findings, keys


def _crossing(rows, keys, name, severity, more):
    """Return the finding on the groups that are in training and test of a fold, if there are."""
    crossing = set()
    for train, test in rows.splits:
        shared = np.intersect1d(keys[train], keys[test])
        crossing |= set(shared[shared >= 0].tolist())
    if not crossing:
        return []
    places = np.flatnonzero(np.isin(keys, list(crossing)))
    n_groups = len(np.unique(keys[keys >= 0]))
    return [
        Finding(
            "groups in two folds" if severity == GRAVE else "possible groups in two folds",
            severity,
            places.tolist(),
            f"{len(crossing)} of {n_groups} groups by {name}, with {len(places)} rows, are in "
            f"training and test of a fold.{more}",
            "Pass report.groups to a splitter such as GroupKFold."
            if severity == GRAVE
            else "Pass groups if these rows belong together; else ignore this.",
            name,
        )
    ]


def _features(rows, images):
    """Return numbers that show how alike rows are: tiny images, and the table."""
    parts = []
    for name in rows.image_columns:
        places = images.of_column(name)["place"].to_numpy()
        values = np.zeros((len(places), 192))
        held = places >= 0
        held[held] = places[held] < len(images.thumbnails)
        if held.any():
            colors = images.thumbnails.color(places[held].astype(int))
            values[held] = colors.reshape(held.sum(), -1)
        parts.append(_scaled(values))
    numbers = rows.table[rows.table_columns].select_dtypes("number")
    if numbers.shape[1]:
        parts.append(_scaled(numbers.fillna(numbers.median()).fillna(0).to_numpy(float)))
    return np.column_stack(parts)


def _scaled(values):
    """Return columns of standard deviation 1, and blocks of equal weight."""
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1) / values.shape[1] ** 0.5


def _likeness_p_value(keys, features, generator):
    """Return whether rows with one key are more alike than rows by chance."""
    held = np.flatnonzero(keys >= 0)
    if len(held) > _ROWS:
        chosen = generator.choice(np.unique(keys[held]), len(np.unique(keys[held])) // 2, False)
        held = held[np.isin(keys[held], chosen)][:_ROWS]
    codes = np.unique(keys[held], return_inverse=True)[1]
    values = features[held]
    spreads = [_spread_within(values, codes)]
    spreads += [_spread_within(values, generator.permutation(codes)) for _ in range(_PERMUTATIONS)]
    return float(np.mean(np.array(spreads) <= spreads[0]))


def _spread_within(values, codes):
    counts = np.bincount(codes)
    sums = pd.DataFrame(values).groupby(codes).sum().to_numpy()
    return float((values**2).sum() - (sums**2 / counts[:, np.newaxis]).sum())


