"""Apply a model to the partitions of a Dask DataFrame."""

from functools import wraps

import numpy as np
import pandas as pd
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.decorators import Function
from skfusion._utils.package_of_extra import import_extra
from skfusion._utils.shared_model import SharedModel


def is_dask(X):
    """Return whether X is a DataFrame or Series of Dask; Dask is not imported."""
    return type(X).__module__.partition(".")[0] == "dask" and hasattr(X, "map_partitions")


def transform_lazily(model, X, dtype=np.float32):
    """Return a Dask DataFrame of the features of the rows of X; nothing is computed yet.

    scikit-learn's output containers would compute it: with `set_output`, it is an error.

    Parameters
    ----------
    model : object
        A fitted transformer with `get_feature_names_out`.

    X : dask.dataframe.DataFrame or Series
        Its input. Columns are found by name; others are ignored.

    dtype : dtype, default=float32
        The type of all features.
    """
    container = _get_output_config("transform", model)["dense"]
    if container != "default":
        raise ValueError(
            f"{type(model).__name__} has the output container {container!r} (set_output), which "
            "Dask DataFrames have no place in. Call skfusion.distributed.transform(X, "
            "transformer), or set_output(transform='default') first."
        )
    return features_of(model, X, dtype)


def lazy_for_dask(method: Function) -> Function:
    """Decorate a method of predictions, so that a Dask DataFrame gives one without computing."""

    @wraps(method)
    def call(model, X):
        if not is_dask(X):
            return method(model, X)
        check_is_fitted(model)
        return predict_lazily(model, X, method.__name__)

    return call  # type: ignore[return-value]  # it takes what the method takes


def predict_lazily(model, X, method):
    """Return the predictions of a method for the rows of X, as a Dask DataFrame or Series."""
    return map_rows(model, X, method, _empty_predictions(model, method))


def features_of(model, X, dtype=np.float32):
    """Return the Dask DataFrame, whatever the model's output container is."""
    names = model.get_feature_names_out()
    meta = pd.DataFrame(np.empty((0, len(names)), dtype=dtype), columns=names)
    return map_rows(model, X, "transform", meta)


def map_rows(model, X, method, meta):
    """Return the results of a method of a model, as a Dask DataFrame or Series like `meta`."""
    dask = import_extra("dask", "dask", "Dask DataFrames")
    names = getattr(model, "feature_names_in_", None)
    if X.ndim == 2 and names is not None:
        unknown = [name for name in names if name not in X.columns]
        if unknown:
            raise ValueError(f"X has no column {unknown[0]!r}, which the model was fitted on.")
        X = X[list(names)]
    # A copy: a later fit changes nothing.
    model = SharedModel(model).copy()
    shared = dask.delayed(model, pure=True, traverse=False)
    return X.map_partitions(_apply, shared, method, meta, meta=meta, enforce_metadata=False)


def _empty_predictions(model, method):
    """Return an empty result, of the type and with the names that predictions have."""
    classes = getattr(model, "classes_", None)
    if isinstance(classes, list):
        raise ValueError(f"The model predicts {len(classes)} targets. Predict one at a time.")
    if method == "predict" and classes is not None:
        return pd.Series(np.asarray(classes)[:0], name="prediction")
    many = method != "predict" and classes is not None
    if many and (method == "predict_proba" or len(classes) > 2):
        return pd.DataFrame(np.empty((0, len(classes))), columns=list(classes))
    return pd.Series(np.empty(0), name="prediction")


def _apply(part, shared, method, meta):
    if not len(part):
        return meta.set_axis(part.index)
    values = getattr(shared.model, method)(part)
    values = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    if meta.ndim == 1 and values.ndim > 1:
        raise ValueError(f"The model predicts {values.shape[1]} targets. Predict one at a time.")
    if meta.ndim == 1:
        return pd.Series(values, index=part.index, name=meta.name).astype(meta.dtype)
    return pd.DataFrame(values, index=part.index, columns=meta.columns).astype(meta.dtypes.iloc[0])
