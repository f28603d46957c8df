"""ReportRows: the rows of a report, checked."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skfusion._utils.messages import join_names
from skfusion.inspection._image_sources import ImageSource, find_sources
from skfusion.inspection._rows_as_frame import as_frame
from skfusion.reports._check_target import check_target
from skfusion.reports.evaluation._row_predictions import raise_several_targets
from skfusion.training._folds import check_groups


class ReportRows(NamedTuple):
    """The rows of a report, checked.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        The rows, as the model takes them.

    table : DataFrame
        The same rows, with a name for each column.

    y : ndarray of shape (n_rows,) or None
        The target.

    groups : ndarray of shape (n_rows,) or None
        The groups of the rows.

    sources : list of ImageSource
        The columns of images that the model uses.

    table_columns : list of str
        The other columns that it uses.
    """

    X: Any
    table: pd.DataFrame
    y: np.ndarray | None
    groups: np.ndarray | None
    sources: list[ImageSource]
    table_columns: list[str]

    @property
    def image_columns(self):
        """list of str : The names of the columns of images."""
        return [source.name for source in self.sources]


def check_report_rows(model, X, y=None, groups=None, background=None):
    """Check the model and its rows.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor.

    X : DataFrame, Series, list or ndarray
        The rows.

    y : array-like of shape (n_rows,) or None
        The target.

    groups : array-like of shape (n_rows,) or None
        The groups of the rows.

    background : DataFrame, Series, list, ndarray or None
        Rows of the training data.

    Returns
    -------
    rows : ReportRows
        The rows.

    background : DataFrame or None
        The rows of the training data.
    """
    check_model(model)
    table = as_frame(X).reset_index(drop=True)
    y = None if y is None else _as_outcome(model, check_target(y))
    groups = None if groups is None else np.asarray(groups)
    check_groups(groups)
    check_consistent_length(table, y, groups)
    sources = find_sources(model, list(table.columns), needs_images=False)
    rows = ReportRows(X, table, y, groups, *sources)
    return rows, None if background is None else _check_background(background, rows)


def _check_background(background, rows):
    frame = as_frame(background, "background")
    used = [*rows.image_columns, *rows.table_columns]
    lacking = [name for name in used if name not in frame.columns]
    if lacking:
        raise ValueError(
            f"background has no column {lacking[0]!r}, which the model uses. Pass rows with the "
            "columns of X."
        )
    return frame


def check_model(model):
    """Raise an error unless a model is a fitted classifier or regressor of one target."""
    if isinstance(model, BaseSearchCV) and not model.refit:
        raise ValueError(
            f"This {type(model).__name__} has refit=False and holds no fitted model. Fit it with "
            "refit=True."
        )
    if not hasattr(model, "predict") or not (is_classifier(model) or is_regressor(model)):
        raise TypeError(
            f"A report needs a fitted classifier or regressor, got a {type(model).__name__}. Pass "
            "the whole model: a pipeline that ends in one, a search, or a FusionClassifier."
        )
    check_is_fitted(model)
    if is_classifier(model) and isinstance(model.classes_, list):
        raise_several_targets(len(model.classes_))


def _as_outcome(model, y):
    return _as_classes(model, y) if is_classifier(model) else y.astype(float)


def _as_classes(model, y):
    """Return the target with the classes of the model, and of their type."""
    classes = np.asarray(model.classes_)
    places = {label: place for place, label in enumerate(classes.tolist())}
    codes = np.array([places.get(label, -1) for label in y.tolist()])
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        raise ValueError(
            f"{len(unknown)} rows of y have a class that the model does not have, the first one is "
            f"{y.tolist()[unknown[0]]!r} in row {unknown[0]}. Its classes are "
            f"{join_names(map(repr, classes.tolist()))}. Leave these rows out, or use the labels "
            "of its fit."
        )
    return classes[codes]
