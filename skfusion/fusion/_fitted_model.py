"""FittedModel: a fitted model of some columns, with its name."""

from contextlib import nullcontext
from functools import lru_cache

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from threadpoolctl import ThreadpoolController

from skfusion._utils.plain_data import plain_data

_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
_TOLERANCE = 1e-3  # of sums of probabilities, which some models have in single precision
# For fewer values, several threads of boosting wait for each other longer than they work.
_VALUES_OF_THREADS = 500_000


@plain_data
class FittedModel:
    """Keep a fitted model with its name and what it learned from.

    Parameters
    ----------
    name : str
        The name of the candidate, as in `fit_report_`.

    blocks : tuple of str
        The blocks that the model takes, side by side: "table", those of embedders; or "rows".

    model : estimator
        The fitted model.

    classes : ndarray of int or None
        The number of the class of each column of its probabilities; None for the model's own.

    is_users : bool, default=False
        Whether it is in `estimators`.
    """

    is_users = False  # of objects that an older version saved

    def __init__(self, name, blocks, model, classes=None, is_users=False):
        self.name = name
        self.blocks = blocks
        self.model = model
        self.classes = classes
        self.is_users = is_users

    def predict(self, columns, n_classes):
        """Return probabilities of shape (n_rows, n_classes), or numbers of shape (n_rows,)."""
        with limited_threads(self.model, columns):
            prediction = self._predict(columns, n_classes)
        if self.is_users:
            self._check(prediction)
        return prediction

    def _check(self, prediction):
        """Refuse predictions that no combination can use."""
        wrong = ~np.isfinite(prediction.reshape(len(prediction), -1)).all(axis=1)
        what = "NaN or infinity"
        if prediction.ndim == 2 and not wrong.any():
            sums = np.abs(prediction.sum(axis=1) - 1) > _TOLERANCE
            wrong, what = sums | (prediction < -_TOLERANCE).any(axis=1), "no probabilities"
        if wrong.any():
            raise ValueError(
                f"The model {self.name!r} predicts {what} for {wrong.sum()} of {len(wrong)} rows."
            )

    def _predict(self, columns, n_classes):
        if n_classes is None:
            return np.asarray(self.model.predict(columns), dtype=float).reshape(-1)
        probabilities = np.zeros((len(columns), n_classes))
        classes = self.model.classes_ if self.classes is None else self.classes
        probabilities[:, classes] = self.model.predict_proba(columns)
        return probabilities


def side_by_side(names, blocks, rows):
    """Return the columns of several blocks, for some rows."""
    if names == ("rows",):
        return blocks["rows"][rows]
    parts = [blocks[name][rows] for name in names]
    return parts[0] if len(parts) == 1 else np.hstack(parts)


def limited_threads(model, columns):
    """Return a context in which gradient boosting of few values has one thread."""
    kind = model[-1] if isinstance(model, Pipeline) else model
    if isinstance(kind, _BOOSTING) and columns.size < _VALUES_OF_THREADS:
        return _controller().limit(limits=1, user_api="openmp")
    return nullcontext()


@lru_cache
def _controller():
    return ThreadpoolController()
