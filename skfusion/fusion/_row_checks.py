"""Checks of the rows that estimators of a table and its images learn from."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_sample_weight

from skfusion.tabular._check_table import check_table


def table_tags(tags):
    """Return the tags of an estimator that takes a table of any columns and needs a target."""
    tags.input_tags.allow_nan = True
    tags.input_tags.string = True
    tags.input_tags.categorical = True
    tags.target_tags.required = True
    return tags


def check_rows(estimator, X, y, groups, sample_weight):
    """Return X as a table of pandas, and the weights of its rows as an array or None.

    Raises
    ------
    ValueError
        If there is no target, if the lengths differ, or if weights are negative.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )
    table = check_table(estimator, X, reset=True)
    check_consistent_length(table, y, groups)
    if sample_weight is not None:
        rows = np.empty((len(table), 1))
        sample_weight = _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
    return table, sample_weight
