"""The inner folds of a fusion."""

import warnings
from numbers import Integral

import numpy as np

from skfusion.training._folds import make_folds


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
        Positions among the rows that are kept. Each row is in one test part.
    """
    n_rows = int(kept.sum())
    with warnings.catch_warnings():
        # A class with fewer rows than folds is allowed: some folds' models don't predict it.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = make_folds(cv, strata, n_rows, seed, groups, remedy="Pass a smaller cv.")
    if not isinstance(cv, Integral) and not hasattr(cv, "split"):
        folds = [(_renumber(train, kept), _renumber(test, kept)) for train, test in folds]
    _refuse_rows_left_out(folds, n_rows)
    return folds


def _renumber(positions, kept):
    """Return positions among the kept rows for those among all rows; others are dropped."""
    positions = np.asarray(positions)
    if positions.dtype == bool:
        positions = np.flatnonzero(positions)
    return (np.cumsum(kept) - 1)[positions[kept[positions]]]


def _refuse_rows_left_out(folds, n_rows):
    counts = np.zeros(n_rows, dtype=int)
    for _, test in folds:
        counts[test] += 1
    if (counts != 1).any():
        raise ValueError(
            f"cv has to leave each row out once, as KFold does; row {int(np.argmax(counts != 1))} "
            f"is left out {counts[np.argmax(counts != 1)]} times."
        )
