"""Features and predictions of a Dask DataFrame."""

from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.dask_rows import features_of, is_dask, predict_lazily
from skfusion._utils.decorators import validate_params
from skfusion.base import ImageTransformer

_METHODS = {"predict", "predict_proba", "decision_function"}


@validate_params(
    {"transformer": [HasMethods(["transform", "get_feature_names_out"])]},
    prefer_skip_nested_validation=True,
)
def transform(X: Any, transformer: Any) -> Any:
    """Compute the features of a Dask DataFrame with any fitted transformer, lazily.

    Use it for pipelines and column transformers; the `transform` of skfusion's own transformers
    takes a Dask DataFrame itself.

    Parameters
    ----------
    X : dask.dataframe.DataFrame or Series
        The rows. Columns are found by name, in any order; others are ignored.

    transformer : transformer
        A fitted transformer with `get_feature_names_out`. Each worker process restores it once.

    Returns
    -------
    features : dask.dataframe.DataFrame
        Nothing is computed yet. The type is float32 for skfusion's transformers, else float64.

    Raises
    ------
    TypeError
        If X is not of Dask.

    ValueError
        If X lacks a column that the transformer was fitted on.

    See Also
    --------
    embed : Write features to files, resumable.

    Examples
    --------
    >>> import pandas as pd
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skfusion import distributed
    >>> table = pd.DataFrame({"age": [20.0, 40.0], "bmi": [21.0, 25.0]})
    >>> scaler = StandardScaler().fit(table)
    >>> rows = dd.from_pandas(table[["bmi", "age"]], npartitions=2)  # doctest: +SKIP
    >>> distributed.transform(rows, scaler).compute()["age"].tolist()  # doctest: +SKIP
    [-1.0, 1.0]
    """
    _check_dask(X)
    check_is_fitted(transformer)
    is_own = isinstance(transformer, ImageTransformer)
    return features_of(transformer, X, np.float32 if is_own else np.float64)


@validate_params(
    {"model": [HasMethods("predict")], "method": [StrOptions(_METHODS)]},
    prefer_skip_nested_validation=True,
)
def predict(X: Any, model: Any, *, method: str = "predict") -> Any:
    """Compute the predictions of a Dask DataFrame with any fitted model, lazily.

    Parameters
    ----------
    X : dask.dataframe.DataFrame
        The rows. Columns are found by name, in any order; others are ignored.

    model : estimator
        A fitted classifier or regressor, or a pipeline of one. Each worker process restores it
        once.

    method : {"predict", "predict_proba", "decision_function"}, default="predict"
        The method of the model.

    Returns
    -------
    predictions : dask.dataframe.Series or DataFrame
        Nothing is computed yet. One column per class for ``method="predict_proba"``, else a
        Series; class labels have the type of `classes_`, numbers are float64.

    Raises
    ------
    TypeError
        If X is not of Dask.

    ValueError
        If X lacks a column that the model was fitted on, the model has no such method, or, when
        predictions are computed, it predicts several targets.

    Examples
    --------
    >>> import pandas as pd
    >>> import dask.dataframe as dd  # doctest: +SKIP
    >>> from sklearn.dummy import DummyClassifier
    >>> from skfusion import distributed
    >>> table = pd.DataFrame({"age": [20.0, 40.0, 60.0]})
    >>> model = DummyClassifier().fit(table, [3, 4, 4])
    >>> rows = dd.from_pandas(table, npartitions=2)  # doctest: +SKIP
    >>> distributed.predict(rows, model).compute().tolist()  # doctest: +SKIP
    [4, 4, 4]
    """
    _check_dask(X)
    check_is_fitted(model)
    if not hasattr(model, method):
        raise ValueError(f"{type(model).__name__} has no method {method!r}.")
    return predict_lazily(model, X, method)


def _check_dask(X):
    if not is_dask(X):
        raise TypeError(
            f"X is {type(X).__name__}, not a DataFrame or Series of Dask. Call the method of the "
            "model for data in memory."
        )
