"""Folds and validation rows, stratified by classes and kept whole by groups."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
    train_test_split,
)

REMEDY = "Pass a smaller cv, or cv=None for columns that are not cross-fitted."


def make_folds(cv, strata, n_rows, seed, groups=None, remedy=REMEDY):
    """Return the folds of a `cv` parameter.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        As in `CNNEmbedder`. An int means shuffled folds, stratified if there are strata. None
        means no folds.

    strata : ndarray of int of shape (n_rows,) or None
        The stratum of each row.

    n_rows : int
        Number of rows.

    seed : int
        Seed of the shuffling.

    groups : array-like of shape (n_rows,), default=None
        Rows of one group stay in one fold.

    remedy : str, default=REMEDY
        The end of the error message if there are too few rows for an int.

    Returns
    -------
    folds : list of tuple (train, test) of ndarray of int
        Row numbers.
    """
    if cv is None:
        return []
    check_groups(groups)
    y = np.zeros(n_rows) if strata is None else strata
    if isinstance(cv, Integral):
        _refuse_too_few(cv, strata, n_rows, groups, remedy)
        kinds = {
            (False, False): KFold,
            (True, False): StratifiedKFold,
            (False, True): GroupKFold,
            (True, True): StratifiedGroupKFold,
        }
        kind = kinds[strata is not None, groups is not None]
        cv = kind(cv, shuffle=True, random_state=seed)
    splitter = check_cv(cv, y, classifier=strata is not None)
    return list(splitter.split(np.zeros((n_rows, 1)), y, groups))


def check_groups(groups):
    """Raise an error if the group of a row is missing; None has no groups."""
    missing = np.flatnonzero(pd.isna(groups)) if groups is not None else []
    if len(missing):
        raise ValueError(
            f"groups is missing in {len(missing)} rows (the first is row {missing[0]}). Pass a "
            "group for each row; a row that belongs to no group needs one of its own."
        )


def _refuse_too_few(cv, strata, n_rows, groups, remedy):
    """Raise an error if there are fewer rows or groups than folds."""
    if groups is not None:
        n_groups = len(np.unique(groups))
        if n_groups < cv:
            raise ValueError(f"cv={cv} folds need {cv} groups, there are {n_groups}. {remedy}")
        return
    of_classes = strata is not None
    most = np.bincount(strata).max() if of_classes else n_rows
    if most < cv:
        raise ValueError(
            f"cv={cv} folds need {cv} rows{' in a class' if of_classes else ''}, there are "
            f"{most}. {remedy}"
        )


def validation_rows(fraction, n_rows, seed, strata=None, groups=None):
    """Choose rows to hold out of training, of all strata if possible.

    Parameters
    ----------
    fraction : float
        The fraction of rows.

    n_rows : int
        Number of rows.

    seed : int
        Seed of the shuffling.

    strata : ndarray of int of shape (n_rows,), default=None
        The stratum of each row.

    groups : ndarray of shape (n_rows,), default=None
        Rows of one group stay on one side.

    Returns
    -------
    rows : ndarray of int
        Row numbers; empty if the fraction is less than half a row or leaves no row to train on.

    Examples
    --------
    >>> from skfusion.training._folds import validation_rows
    >>> validation_rows(0.1, 40, seed=0).shape
    (4,)
    """
    none, count = np.array([], dtype=int), int(np.floor(fraction * n_rows + 0.5))
    if count < 1 or count >= n_rows:
        return none
    if groups is not None:
        if len(np.unique(groups)) < 2:
            return none
        split = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
        return next(split.split(np.zeros(n_rows), groups=groups))[1]
    if strata is not None:
        sizes = np.unique(strata, return_counts=True)[1]
        if sizes.min() < 2 or len(sizes) > min(count, n_rows - count):
            strata = None
    rows = np.arange(n_rows)
    return train_test_split(rows, test_size=count, random_state=seed, stratify=strata)[1]
