"""The splits of a comparison, which are the same for all estimators."""

from numbers import Integral

import numpy as np

from skfusion._utils.messages import join_names
from skfusion.training._folds import make_folds


def make_splits(cv, n_repeats, y, groups, seed, stratify):
    """Return the splits of all repeats.

    Parameters
    ----------
    cv : int, splitter or iterable
        As in `compare`.

    n_repeats : int
        How often the folds of an int are drawn.

    y : ndarray of shape (n_rows,)
        The target.

    groups : ndarray of shape (n_rows,) or None
        Rows of one group stay together.

    seed : int
        Seed of the shuffles.

    stratify : bool
        Whether y holds classes.

    Returns
    -------
    splits : list of tuple (train, test) of ndarray of int
        Positions of rows.

    repeats : int
        How many times folds were drawn; 1 for a splitter.
    """
    strata = np.unique(y, return_inverse=True)[1] if stratify else None
    repeats = n_repeats if isinstance(cv, Integral) else 1
    splits = []
    for number in range(repeats):
        splits += make_folds(
            cv, strata, len(y), (seed + number) % 2**32, groups, remedy="Pass a smaller cv."
        )
    splits = [(_as_positions(train), _as_positions(test)) for train, test in splits]
    if not splits:
        raise ValueError("cv gives no split. Pass an int, such as cv=5.")
    for number, (train, test) in enumerate(splits):
        _check_split(train, test, number)
    return splits, repeats


def _as_positions(rows):
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def _check_split(train, test, number):
    if not len(train) or not len(test):
        raise ValueError(f"Split {number} of cv has no rows to {'test' if len(train) else 'fit'}.")
    both = np.intersect1d(train, test)
    if len(both):
        rows = join_names(f"row {row}" for row in both)
        raise ValueError(
            f"Split {number} of cv tests rows that it fits on ({rows}): such scores are too good, "
            "and the intervals assume that they are apart. Pass splits without common rows."
        )
