"""What a fusion refuses: models that can't predict what is needed, and too few images."""

import contextlib
from numbers import Integral

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_sample_weight

from skfusion.fusion._fit_arguments import accepts_weights
from skfusion.fusion._model_builder import FEATURE_SETS
from skfusion.tabular._check_table import check_table

_REMEDY = "Pass image_columns=[] to learn from the table alone."


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


def check_models(estimators, method, sample_weight):
    """Refuse a user's models that lack what is needed.

    Parameters
    ----------
    estimators : dict or None
        Models by feature set.

    method : {"predict", "predict_proba"}
        The method that each needs.

    sample_weight : array-like or None
        Weights of the rows; with weights, each model needs `sample_weight` in its fit.
    """
    for name, estimator in (estimators or {}).items():
        model = f"estimators[{name!r}], a {type(estimator).__name__},"
        if name not in FEATURE_SETS:
            raise ValueError(f"estimators has no place for {name!r}; it may name {FEATURE_SETS}.")
        if not hasattr(estimator, method):
            remedy = " Wrap it in CalibratedClassifierCV." if method == "predict_proba" else ""
            raise ValueError(f"{model} has no {method}.{remedy}")
        if sample_weight is not None and not accepts_weights(estimator):
            raise ValueError(
                f"{model} has no sample_weight in fit. Use a model that has, or fit without "
                "sample_weight."
            )


def check_image_rows(has_image, y, columns, cv, classes):
    """Refuse rows of which too few have an image, or those of one class alone.

    Parameters
    ----------
    has_image : ndarray of bool of shape (n_rows,)
        Which rows have an image.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    columns : list of str
        The columns of images.

    cv : int, splitter or iterable
        The inner folds.

    classes : ndarray or None
        The classes; None for a regression.
    """
    if not has_image.any():
        raise ValueError(f"No row has an image in {columns}. {_REMEDY}")
    least = 2 * (cv if isinstance(cv, Integral) else 2)
    if has_image.sum() < min(least, len(y)):
        raise ValueError(
            f"Only {has_image.sum()} of {len(y)} rows have an image in {columns}; inner folds "
            f"need {least} at least. {_REMEDY}"
        )
    y = y[has_image]
    if classes is not None and y.min() == y.max():
        raise ValueError(
            f"All rows that have an image in {columns} are of class {classes.tolist()[y[0]]!r}: "
            f"nothing can be learned from the images. {_REMEDY}"
        )


@contextlib.contextmanager
def noting_image_columns(roles):
    """Add to an error which columns were found, not named, to hold images."""
    try:
        yield
    except ValueError as error:
        if roles.found and roles.image:
            error.add_note(
                f"Found to be columns of images, by their cells: {roles.image}. Name those "
                "that are in image_columns."
            )
        raise
