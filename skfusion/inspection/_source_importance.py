"""source_importance: how much worse a model predicts when sources and columns are shuffled."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import get_scorer
from sklearn.utils import check_consistent_length, check_random_state

from skfusion._utils.typing import ImageInput, RandomState
from skfusion.inspection._explained_output import find_method
from skfusion.inspection._image_sources import TABLE, find_sources
from skfusion.inspection._inspected_model import InspectedModel
from skfusion.inspection._rows_as_frame import as_frame

_DEFAULT = {
    "predict_proba": "neg_log_loss",
    "decision_function": "accuracy",
    "predict": "neg_mean_squared_error",
}


def source_importance(
    model: Any,
    X: ImageInput,
    y: ArrayLike,
    *,
    scoring: Any = None,
    n_repeats: int = 5,
    random_state: RandomState = None,
) -> pd.DataFrame:
    """Compute how much worse a model predicts when sources and columns are shuffled.

    Use rows that the model was not fitted on. Each image is computed once, whatever `n_repeats`
    is.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor whose input has image columns, as in `explain`.

    X : DataFrame, Series, list or ndarray
        The rows.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        The target.

    scoring : str or callable, default=None
        A scorer of scikit-learn. None is "neg_log_loss", "accuracy" for classifiers without
        probabilities, and "neg_mean_squared_error" for regressors.

    n_repeats : int, default=5
        How often each column is shuffled.

    random_state : int, RandomState instance or None, default=None
        Shuffles the rows.

    Returns
    -------
    importance : DataFrame
        One row for each image column and table column, and before them one for all columns of a
        kind of which there are several. `source` is "image" or "table"; `permuted` is by how much
        the score falls, the mean over the repeats; `permuted_std` their standard deviation;
        `permuted_error` the standard error of the mean.

    Raises
    ------
    ValueError
        If the model uses no image column, or if X and y have different lengths.

    See Also
    --------
    SourceImportanceDisplay : Draws it.
    explain : Explains the predictions of single rows.

    Notes
    -----
    This is permutation importance (Breiman, doi 10.1023/A:1010933404324).

    Examples
    --------
    >>> from sklearn.compose import ColumnTransformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion import PixelFlattener, source_importance
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(12, 12), n_columns=2, random_state=0)
    >>> columns = ColumnTransformer(
    ...     [("image", PixelFlattener(), ["image"]), ("table", "passthrough", ["number_0"])]
    ... )
    >>> model = make_pipeline(columns, LogisticRegression(C=0.01, max_iter=1000))
    >>> model = model.fit(data.frame, data.target)
    >>> importance = source_importance(model, data.frame, data.target, random_state=0)
    >>> list(importance.index)
    ['image', 'number_0']
    """
    frame = as_frame(X)
    check_consistent_length(frame, y)
    if n_repeats < 1:
        raise ValueError(f"n_repeats must be at least 1; got {n_repeats}.")
    images, table = find_sources(model, list(frame.columns))
    method = find_method(model)
    inspected = InspectedModel(model, method)
    scorer = get_scorer(_DEFAULT[method] if scoring is None else scoring)
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    whole = inspected.score(scorer, frame, y)
    lines = {}
    for label, source, columns in _find_parts(images, table):
        falls = [
            whole - inspected.score(scorer, _shuffled(frame, columns, generator), y)
            for _ in range(n_repeats)
        ]
        deviation = np.std(falls, ddof=1) if n_repeats > 1 else np.nan
        error = deviation / np.sqrt(n_repeats)
        lines[label] = (source, np.nan, np.mean(falls), deviation, error)
    columns = ["source", "left_out", "permuted", "permuted_std", "permuted_error"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("column")


def _find_parts(images, table):
    """Return label, source and columns of everything that is shuffled."""
    parts = []
    if len(images) > 1:
        everything = [name for source in images for name in source.columns]
        parts.append(("images (all columns)", "image", everything))
    parts += [(source.name, "image", source.columns) for source in images]
    if len(table) > 1:
        parts.append(("table (all columns)", TABLE, table))
    return parts + [(name, TABLE, [name]) for name in table]


def _shuffled(frame, columns, generator):
    order = generator.permutation(len(frame))
    return frame.assign(**{name: frame[name].take(order).array for name in columns})
