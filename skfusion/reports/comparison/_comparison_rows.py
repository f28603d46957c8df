"""ComparisonRows: the rows of a comparison."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.utils import _safe_indexing

from skfusion.fusion._fit_arguments import fit_arguments


@dataclass(frozen=True)
class ComparisonRows:
    """The rows of a comparison.

    Attributes
    ----------
    X : DataFrame, Series, list or ndarray
        The rows, as the user gave them.

    table : DataFrame or None
        The same rows as a table, for candidates that are made by name.

    y : ndarray of shape (n_rows,)
        The target.

    groups, sample_weight : ndarray of shape (n_rows,) or None
        What belongs to each row.
    """

    X: Any
    table: pd.DataFrame | None
    y: np.ndarray
    groups: np.ndarray | None = None
    sample_weight: np.ndarray | None = None

    def take(self, columns, positions):
        """Return some rows of X as a candidate gets them."""
        if columns is None:
            return _safe_indexing(self.X, positions)
        return self.table.iloc[positions][columns]

    def fit_arguments(self, estimator, positions):
        """Return the weights and groups of rows, as far as an estimator's `fit` accepts them."""
        groups = None if self.groups is None else self.groups[positions]
        weights = None if self.sample_weight is None else self.sample_weight[positions]
        arguments = fit_arguments(estimator, groups=groups, sample_weight=weights)
        is_search = isinstance(estimator, BaseSearchCV)
        if groups is not None and is_search and isinstance(estimator.cv, GroupsConsumerMixin):
            arguments["groups"] = groups
        return arguments
