"""required_columns: the columns of a table that a fitted model uses."""

from functools import partial
from types import MethodType
from typing import Any

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

from skfusion.serving._micro_batcher import MicroBatcher

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


def required_columns(model: Any) -> list[str]:
    """List the columns of the table that a fitted model uses.

    A model is often fitted on a table with more columns than it uses: the target, identifiers,
    columns that a ColumnTransformer drops. A service should ask for the other ones only.

    Parameters
    ----------
    model : object
        A fitted transformer, classifier, regressor, pipeline or search; one of its methods, such
        as ``model.predict_proba``; or a MicroBatcher of such a method. It was fitted on a
        DataFrame.

    Returns
    -------
    columns : list of str
        The names, in the order of the table that the model was fitted on. A table with these
        columns gets the same predictions as the whole table.

    Raises
    ------
    NotFittedError
        If the model isn't fitted.

    ValueError
        If it was fitted without column names, on an array for example.

    TypeError
        If it is not an estimator.

    See Also
    --------
    MicroBatcher : Compute the requests of several clients in one batch.
    warm_up : Build all networks before the first request.

    Notes
    -----
    Pipelines, column transformers, feature unions, searches, voting and stacking, calibrated and
    thresholded classifiers, multi-output models and the estimators of skfusion are searched.
    Other estimators need all columns that they were fitted on (``feature_names_in_``).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import ColumnTransformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion import required_columns
    >>> table = pd.DataFrame({"patient": [1, 2], "age": [40.0, 70.0], "sick": [0, 1]})
    >>> columns = ColumnTransformer([("numbers", StandardScaler(), ["age"])])
    >>> model = make_pipeline(columns, LogisticRegression()).fit(table, table["sick"])
    >>> required_columns(model)
    ['age']
    """
    while not hasattr(model, "fit"):
        model = _unwrap(model)
    names = dict.fromkeys(_find_columns(model))
    order = {name: place for place, name in enumerate(getattr(model, "feature_names_in_", names))}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def _unwrap(model):
    """Return what a MicroBatcher, a method or a partial function belongs to."""
    if isinstance(model, MicroBatcher):
        return model.predict
    if isinstance(model, MethodType):
        return model.__self__
    if isinstance(model, partial):
        return model.func
    raise TypeError(
        f"required_columns needs a fitted estimator or one of its methods, got a "
        f"{type(model).__name__}."
    )


def _find_columns(model):
    """Return the columns that an estimator uses, some of them perhaps twice."""
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
            return _find_columns(step)
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
            names += _find_columns(part)
    return names


def _all_columns(model):
    if not hasattr(model, "feature_names_in_"):
        raise ValueError(
            f"This {type(model).__name__} was fitted without column names. Fit it on a DataFrame "
            "whose column names are strings."
        )
    return list(model.feature_names_in_)
