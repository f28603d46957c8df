"""RowPredictions: the predictions of a model for the rows of a table."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class RowPredictions:
    """The predictions of a model for the rows of a table.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The predicted classes or numbers.

    classes : ndarray of shape (n_classes,) or None, default=None
        The classes; None for numbers.

    probabilities : ndarray of shape (n_rows, n_classes) or None, default=None
        The probabilities of the classes, where the model has them.

    decisions : ndarray of shape (n_rows,) or (n_rows, n_classes) or None, default=None
        Values that rank the rows, where the model has no probabilities: its `decision_function`.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.reports.evaluation._row_predictions import RowPredictions
    >>> RowPredictions(np.array([1.5, 2.0])).is_classes
    False
    """

    values: np.ndarray
    classes: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    decisions: np.ndarray | None = None

    @property
    def is_classes(self):
        """bool : Whether classes are predicted."""
        return self.classes is not None

    @property
    def is_binary(self):
        """bool : Whether there are two classes, of which the second is the positive one."""
        return self.classes is not None and len(self.classes) == 2

    @property
    def ranking(self):
        """ndarray of shape (n_rows, n_classes) or None : Values that rank the rows by class."""
        if self.probabilities is not None or self.decisions is None:
            return self.probabilities
        decisions = self.decisions
        return np.column_stack([-decisions, decisions]) if decisions.ndim == 1 else decisions

    def codes_of(self, labels):
        """Return the positions of labels among the classes; -1 for unknown ones."""
        places = {label: place for place, label in enumerate(self.classes.tolist())}
        return np.array([places.get(label, -1) for label in np.asarray(labels).tolist()], int)


def predict_rows(model, X):
    """Predict the rows of a table.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor.

    X : DataFrame, Series, list or ndarray
        The rows.

    Returns
    -------
    predictions : RowPredictions
        What `predict` and, where the model has them, `predict_proba` or `decision_function` return.

    Raises
    ------
    ValueError
        If the model predicts several targets.
    """
    classes = np.asarray(model.classes_) if is_classifier(model) else None
    model, X = _transform_once(model, X)
    values = np.asarray(model.predict(X))
    values = values.ravel() if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim != 1:
        raise_several_targets(values.shape[1])
    if classes is None:
        return RowPredictions(values.astype(float))
    if hasattr(model, "predict_proba"):
        return RowPredictions(values, classes, np.asarray(model.predict_proba(X), dtype=float))
    decisions = getattr(model, "decision_function", None)
    ranking = None if decisions is None else np.asarray(decisions(X), dtype=float)
    return RowPredictions(values, classes, decisions=ranking)


def raise_several_targets(n_targets):
    """Raise the error of a model that predicts several targets."""
    raise ValueError(
        f"A report describes one target; this model predicts {n_targets}. Report on the model of "
        "one target at a time, as in MultiOutputRegressor.estimators_[0]."
    )


def _transform_once(model, X):
    """Return the last step of a pipeline and its input, so that images are read only once."""
    if isinstance(model, BaseSearchCV):
        model = model.best_estimator_
    if isinstance(model, Pipeline) and len(model) > 1 and hasattr(model[:-1], "transform"):
        return model[-1], model[:-1].transform(X)
    return model, X
