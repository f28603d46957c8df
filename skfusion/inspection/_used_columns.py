"""Find the columns of a table that a fitted estimator uses."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

# Estimators that pass a table on without a check of its columns, and where they keep the fitted
# estimators that they pass it to.
_WRAPPERS: tuple[tuple[type, str], ...] = (
    (BaseSearchCV, "best_estimator_"),
    (CalibratedClassifierCV, "calibrated_classifiers_"),
    (FixedThresholdClassifier, "estimator_"),
    (FrozenEstimator, "estimator"),
    (MultiOutputClassifier, "estimators_"),
    (MultiOutputRegressor, "estimators_"),
    (OneVsRestClassifier, "estimators_"),
    (StackingClassifier, "estimators_"),
    (StackingRegressor, "estimators_"),
    (TransformedTargetRegressor, "regressor_"),
    (TunedThresholdClassifierCV, "estimator_"),
    (VotingClassifier, "estimators_"),
    (VotingRegressor, "estimators_"),
)


def find_used_columns(model):
    """Find the columns that a fitted estimator uses.

    Parameters
    ----------
    model : estimator
        A fitted estimator, such as a pipeline or a search.

    Returns
    -------
    columns : list of str
        The names, some of them perhaps twice.

    Raises
    ------
    NotFittedError
        If the estimator isn't fitted.

    ValueError
        If it was fitted without column names.
    """
    check_is_fitted(model)
    if hasattr(model, "_required_columns"):
        names = set(model._required_columns)
        return [name for name in _all_columns(model) if name in names]
    if isinstance(model, Pipeline):
        return _of_pipeline(model)
    if isinstance(model, ColumnTransformer):
        return _of_column_transformer(model)
    if isinstance(model, FeatureUnion):
        return _of_parts(model, [part for _, part in model.transformer_list])
    for wrapper, attribute in _WRAPPERS:
        if isinstance(model, wrapper):
            return _of_wrapper(model, attribute)
    return _all_columns(model)


def _of_pipeline(pipeline):
    """Return the columns of the first step that transforms or predicts."""
    for _, step in pipeline.steps:
        is_sampler = hasattr(step, "fit_resample")  # imbalanced-learn's: used in fit only
        if step not in (None, "passthrough") and not is_sampler:
            return find_used_columns(step)
    return _all_columns(pipeline)


def _of_column_transformer(transformer):
    names = _all_columns(transformer)
    used = [name for name, part, _ in transformer.transformers_ if part != "drop"]
    indices = transformer._transformer_to_input_indices
    return [names[index] for index in sorted({i for name in used for i in indices[name]})]


def _of_wrapper(model, attribute):
    if not hasattr(model, attribute):
        raise NotFittedError(
            f"This {type(model).__name__} was fitted with refit=False and holds no fitted model."
        )
    parts = getattr(model, attribute)
    parts = parts if isinstance(parts, list) else [parts]
    if isinstance(model, CalibratedClassifierCV):
        parts = [part.estimator for part in parts]
    if getattr(model, "passthrough", False):  # of stacking
        parts = [*parts, "passthrough"]
    return _of_parts(model, parts)


def _of_parts(model, parts):
    """Return the columns of estimators side by side."""
    names = []
    for part in parts:
        if part == "passthrough":
            names += _all_columns(model)
        elif part != "drop":
            names += find_used_columns(part)
    return names


def _all_columns(model):
    if not hasattr(model, "feature_names_in_"):
        raise ValueError(
            f"This {type(model).__name__} was fitted without column names. Fit it on a DataFrame "
            "whose column names are strings."
        )
    return list(model.feature_names_in_)
