"""Checks of a fusion: it refuses models that can't predict what is needed, and too few images."""

import contextlib
from numbers import Integral

from skfusion.fusion._base_joint import BaseJoint
from skfusion.fusion._fit_arguments import accepts_weights
from skfusion.fusion._model_builder import BUILT_IN, FEATURE_SETS

_REMEDY = "Pass image_columns=[] to learn from the table alone."


def check_models(estimators, method, sample_weight):
    """Refuse a user's models that lack what is needed.

    Parameters
    ----------
    estimators : dict or None
        Models by feature set, or lists of them, in which "built-in" is for the built-in ones.

    method : {"predict", "predict_proba"}
        The method that each needs.

    sample_weight : array-like or None
        Weights of the rows; with weights, each model needs `sample_weight` in its fit.
    """
    for name, given in (estimators or {}).items():
        if name not in FEATURE_SETS:
            raise ValueError(f"estimators has no place for {name!r}; it may name {FEATURE_SETS}.")
        if isinstance(given, list) and not given:
            raise ValueError(f"estimators[{name!r}] is an empty list. Leave it out.")
        for estimator in given if isinstance(given, list) else [given]:
            if not isinstance(estimator, str):
                _check_model(name, estimator, method, sample_weight)
            elif estimator != BUILT_IN or not isinstance(given, list):
                raise ValueError(
                    f"estimators[{name!r}] holds {estimator!r}, which is no model. Pass models; in "
                    f"a list, {BUILT_IN!r} is for the built-in ones."
                )


def _check_model(name, estimator, method, sample_weight):
    model = f"estimators[{name!r}], a {type(estimator).__name__},"
    if not hasattr(estimator, method):
        remedy = " Wrap it in CalibratedClassifierCV." if method == "predict_proba" else ""
        raise ValueError(f"{model} has no {method}.{remedy}")
    if isinstance(estimator, BaseJoint) and name != "network":
        raise ValueError(f"{model} takes rows with their images. Pass it as 'network'.")
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
    check_any_image(has_image, columns)
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


def check_any_image(has_image, columns):
    """Refuse rows of which none has an image."""
    if not has_image.any():
        raise ValueError(f"No row has an image in {columns}. {_REMEDY}")


@contextlib.contextmanager
def noting_image_columns(roles):
    """Add to an error of a column of images that it was found, not named, to hold them."""
    try:
        yield
    except ValueError as error:
        if roles.found and any(repr(name) in str(error) for name in roles.image):
            error.add_note(
                f"Found to be columns of images, by their cells: {roles.image}. If others are, "
                "name them in image_columns."
            )
        raise
