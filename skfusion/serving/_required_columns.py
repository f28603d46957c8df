"""required_columns: the columns of a table that a fitted model uses."""

from functools import partial
from types import MethodType
from typing import Any

from skfusion.inspection._used_columns import find_used_columns
from skfusion.serving._micro_batcher import MicroBatcher


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
    names = dict.fromkeys(find_used_columns(model))
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
