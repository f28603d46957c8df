"""Findings on groups that cross folds, and the groups that keep them together."""

import numpy as np
from scipy.sparse import csr_matrix

from skfusion.reports.audit._finding import GIVEN, GRAVE, NOTE, Finding
from skfusion.reports.audit._group_guesses import guess_groups
from skfusion.reports.audit._union_find import join_rows

_PERMUTATIONS = 399
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

    keys : dict of str to ndarray of int of shape (n_rows,)
        Those to keep together, by the subject of their finding.
    """
    findings, keys = [], {}
    if rows.groups is not None:
        given = np.unique(rows.groups, return_inverse=True)[1]
        keys[GIVEN] = given
        findings += _crossing(rows, given, GIVEN, GRAVE, "")
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
            same = [some for name, some in keys.items() if name == guess.name]
            keys[guess.name] = join_rows(len(rows.y), [*same, guess.keys])
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
            f"{len(crossing)} of {n_groups} groups by {name}, with {len(places)} rows, in "
            f"training and test of a fold.{more}",
            "Pass report.groups to a splitter such as GroupKFold."
            if severity == GRAVE
            else "Pass groups if these rows belong together; else ignore this.",
            name,
        )
    ]


def _features(rows, images):
    """Return what shows how alike rows are: tiny images, the numbers of the table, the target."""
    parts = [_scaled(rows.outcome)]
    for name in rows.image_columns:
        places = images.of_column(name)["place"].to_numpy(int)
        values = np.zeros((len(places), 192))
        values[places >= 0] = images.thumbnails.color(places[places >= 0]).reshape(-1, 192)
        parts.append(_scaled(values))
    numbers = rows.table[rows.table_columns].select_dtypes("number")
    if numbers.shape[1]:
        parts.append(_scaled(numbers.fillna(numbers.median()).fillna(0).to_numpy(float)))
    return parts


def _scaled(values):
    """Return columns of mean 0 and standard deviation 1; constant ones are 0."""
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)


def _likeness_p_value(keys, features, generator):
    """Return whether rows with one key are more alike than by chance, in any of the features."""
    held = np.flatnonzero(keys >= 0)[:_ROWS]
    codes = np.unique(keys[held], return_inverse=True)[1]
    orders = [codes, *(generator.permutation(codes) for _ in range(_PERMUTATIONS))]
    p_values = []
    for values in features:
        spreads = np.array([_spread_within(values[held], order) for order in orders])
        p_values.append(np.mean(spreads <= spreads[0] + 1e-9))
    return float(min(1.0, min(p_values) * len(features)))


def _spread_within(values, codes):
    """Return the sum of squares that is within groups."""
    member = csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    sums = member @ values
    return float((values**2).sum() - (sums**2 / np.bincount(codes)[:, np.newaxis]).sum())
