"""AuditRows: the rows, target, groups and folds of an audit, checked."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, check_cv
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from skfusion._utils.messages import join_names
from skfusion.images._find_columns import find_image_columns
from skfusion.inspection._rows_as_frame import as_frame
from skfusion.reports._check_target import check_target
from skfusion.training._folds import check_groups

# Whole numbers with more distinct values are numbers, not classes.
_MOST_CLASSES = 50


class AuditRows(NamedTuple):
    """The rows of an audit, checked.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        The rows, as an estimator takes them.

    table : DataFrame
        The same rows, with a name for each column.

    y : ndarray of shape (n_rows,)
        The target.

    groups : ndarray of shape (n_rows,) or None
        The given groups.

    splits : list of tuple (train, test)
        The folds.

    image_columns : list of str
        The columns of images.

    classes : ndarray or None
        The classes of the target; None for numbers.
    """

    X: Any
    table: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray | None
    splits: list[tuple[np.ndarray, np.ndarray]]
    image_columns: list[str]
    classes: np.ndarray | None

    @property
    def table_columns(self):
        """list of str : The columns that are not images."""
        return [name for name in self.table.columns if name not in self.image_columns]

    @property
    def outcome(self):
        """ndarray of shape (n_rows, n_outcomes) : 0 and 1 by class, or ranks of numbers."""
        if self.classes is None:
            ranks = pd.Series(self.y).rank().to_numpy()
            return ((ranks - ranks.mean()) / (ranks.std() or 1))[:, np.newaxis]
        hot = (self.y[:, np.newaxis] == self.classes).astype(float)
        return hot[:, 1:] if len(self.classes) == 2 else hot

    def crosses(self, first, second):
        """Return which pairs of rows are on both sides of a split: training and test."""
        crossing = np.zeros(len(first), dtype=bool)
        for train, test in self.splits:
            side = np.zeros(len(self.y), dtype=int)
            side[train], side[test] = 1, -1
            crossing |= side[first] * side[second] < 0
        return crossing

    def without_groups(self, groups):
        """Return the splits without the training rows that share a group with a test row."""
        return [(train[~np.isin(groups[train], groups[test])], test) for train, test in self.splits]


def check_audit_rows(X, y, cv, groups, estimator, image_columns):
    """Check the arguments of an audit.

    Parameters
    ----------
    X, y, cv, groups, estimator, image_columns : object
        As in `audit`.

    Returns
    -------
    rows : AuditRows
        The rows.

    Raises
    ------
    ValueError
        If rows have no target, if a column does not exist, if no column holds images, or if the
        folds can't be made.
    """
    table = as_frame(X).reset_index(drop=True)
    y = check_target(y)
    groups = None if groups is None else _as_groups(groups)
    check_groups(groups)
    check_consistent_length(table, y, groups)
    _check_estimator(estimator)
    has_classes = _has_classes(y, estimator)
    classes = np.unique(y) if has_classes else None
    y = y if has_classes else _as_numbers(y)
    if len(np.unique(y)) < 2:
        raise ValueError(
            f"y has the same value, {y.tolist()[0]!r}, in all rows: nothing can predict it too "
            "well. Pass the target of the model."
        )
    splits = _split(table, y, cv, groups, has_classes)
    return AuditRows(X, table, y, groups, splits, _find_images(table, image_columns), classes)


def _check_estimator(estimator):
    if estimator is None:
        return
    has_kind = hasattr(estimator, "fit") and not isinstance(estimator, type)
    if not has_kind or not (is_classifier(estimator) or is_regressor(estimator)):
        raise TypeError(
            f"estimator must be a classifier or a regressor, got a {type(estimator).__name__}. "
            "Pass the whole model, such as a pipeline that ends in one, or None."
        )


def _as_groups(groups):
    array = np.asarray(groups)
    if array.ndim == 0:
        remedy = f"Pass X[{groups!r}]." if isinstance(groups, str) else "Pass a column of X."
        raise ValueError(f"groups must be an array with one entry a row, got {groups!r}. {remedy}")
    return array


def _has_classes(y, estimator):
    if estimator is not None:
        return is_classifier(estimator)
    if y.dtype.kind in "OUSb":
        return True
    return type_of_target(y) in ("binary", "multiclass") and len(np.unique(y)) <= _MOST_CLASSES


def _as_numbers(y):
    try:
        return y.astype(float)
    except ValueError as error:
        raise ValueError(f"y holds text, but the estimator is a regressor: {error}") from error


def _split(table, y, cv, groups, has_classes):
    if groups is not None and isinstance(cv, (int, np.integer)):
        splitter = StratifiedGroupKFold(cv) if has_classes else GroupKFold(cv)
    else:
        splitter = check_cv(cv, y, classifier=has_classes)
    with warnings.catch_warnings():  # that groups are split is what is looked for
        warnings.filterwarnings("ignore", "The groups parameter is ignored", UserWarning)
        splits = [tuple(map(np.asarray, pair)) for pair in splitter.split(table, y, groups)]
    empty = [number for number, (train, test) in enumerate(splits) if not len(train) * len(test)]
    if empty or not splits:
        raise ValueError(
            f"cv={cv!r} makes {len(splits)} folds, of which {len(empty)} have no rows for training "
            "or test. Pass a smaller number, or another splitter."
        )
    return splits


def _find_images(table, names):
    if names is None:
        cells = [table.iloc[:, place] for place in range(table.shape[1])]
        found = [str(table.columns[place]) for place in find_image_columns(cells)]
        if not found:
            raise ValueError(
                "No column of X looks like images. Name one of "
                f"{join_names(map(repr, table.columns))} with image_columns."
            )
        return found
    names = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in table.columns]
    if unknown or not names:
        raise ValueError(
            f"X has no column {unknown[0]!r} of images; it has "
            f"{join_names(map(repr, table.columns))}."
            if unknown
            else "image_columns is empty. Name at least one column, or pass None."
        )
    return names
