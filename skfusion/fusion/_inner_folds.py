"""The inner folds of a fusion."""

import warnings
from numbers import Integral

import numpy as np

from skfusion.training._folds import make_folds, validation_rows

# Of more rows, inner folds get a sample: their fits would take hours, and the comparison of
# strategies is as sure.
MOST_ROWS = 20_000


def make_inner_folds(cv, strata, groups, seed, kept):
    """Return the inner folds.

    Parameters
    ----------
    cv : int, splitter or iterable
        As in `FusionClassifier`.

    strata : ndarray of int of shape (n_kept,) or None
        What to stratify by.

    groups : ndarray of shape (n_kept,) or None
        Rows of one group stay in one fold.

    seed : int
        The seed of the shuffle.

    kept : ndarray of bool of shape (n_rows,)
        Which rows of `fit` are learned from: those with a weight. The folds of an iterable count
        all rows.

    Returns
    -------
    folds : list of tuple (train, test) of ndarray of int
        Positions among the rows that are kept. With an int, each row is in one test part; of
        more than 20,000 rows, that is each row of a sample. With a splitter, rows may be in
        several test parts, or in none.
    """
    n_rows = int(kept.sum())
    sample = _draw_sample(cv, strata, groups, n_rows, seed)
    strata, groups = (None if each is None else each[sample] for each in (strata, groups))
    with warnings.catch_warnings():
        # A class with fewer rows than folds is allowed: some folds' models don't predict it.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = make_folds(cv, strata, len(sample), seed, groups, remedy="Pass a smaller cv.")
    if isinstance(cv, Integral):
        return [(sample[train], sample[test]) for train, test in folds]
    if not hasattr(cv, "split"):
        folds = [(_renumber(train, kept), _renumber(test, kept)) for train, test in folds]
    _check_test_rows(folds)
    return folds


def _draw_sample(cv, strata, groups, n_rows, seed):
    """Return the rows that inner folds are made of, by their positions."""
    if n_rows <= MOST_ROWS or not isinstance(cv, Integral):
        return np.arange(n_rows)
    return np.sort(validation_rows(MOST_ROWS / n_rows, n_rows, seed, strata, groups))


def _renumber(positions, kept):
    """Return positions among the kept rows for those among all rows; others are dropped."""
    positions = np.asarray(positions)
    if positions.dtype == bool:
        positions = np.flatnonzero(positions)
    return (np.cumsum(kept) - 1)[positions[kept[positions]]]


def _check_test_rows(folds):
    """Refuse folds that share a row between training and test, and those that test none."""
    for number, (train, test) in enumerate(folds):
        shared = np.intersect1d(train, test)
        if len(shared):
            raise ValueError(
                f"cv has row {shared[0]} in the training and in the test part of fold {number}. "
                "A row that models have learned from is no test."
            )
    if not sum(len(test) > 0 for _, test in folds) >= 2:
        raise ValueError("cv leaves rows out in fewer than 2 folds. Pass a larger cv.")
