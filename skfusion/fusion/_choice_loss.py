"""ChoiceLoss: the losses by which strategies are compared."""

import difflib
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from skfusion.fusion._row_losses import row_losses

_MOST_BLOCKS = 50


class ChoiceLoss:
    """Give units of rows a loss, so that strategies can be compared unit by unit.

    Without a scorer a unit is a row, with its log loss or squared error. A score such as an area
    under a curve is that of all rows together. Its units are blocks of rows, or of groups, and
    their losses are jackknife pseudo-values: their mean is the score, and their spread gives its
    standard error.

    Parameters
    ----------
    scoring : str, callable or None
        A scorer, as in scikit-learn.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    weights : ndarray of shape (n_rows,)
        Weights of the rows.

    groups : ndarray of shape (n_rows,) or None
        Rows of one group count as one.

    classes : ndarray or None
        The classes; None for numbers.

    numbers : ndarray of int of shape (n_rows,), default=None
        The numbers of the rows, which a scorer gets as X; None counts them.

    Attributes
    ----------
    name : str or None
        The name of the score; None without a scorer.

    weights : ndarray of shape (n_units,)
        Weights of the units: how many rows each is.

    groups : ndarray of shape (n_units,) or None
        The groups of the units.

    Notes
    -----
    Pseudo-values are after Tukey; see Efron and Stein (doi 10.1214/aos/1176345462).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._choice_loss import ChoiceLoss
    >>> y, prediction = np.array([0, 1, 1, 0]), np.array([0.4, 0.9, 0.3, 0.1])
    >>> probabilities = np.column_stack([1 - prediction, prediction])
    >>> loss = ChoiceLoss("roc_auc", y, np.ones(4), None, np.array(["no", "yes"]))
    >>> loss.score(probabilities)
    0.75
    >>> loss.losses(probabilities).mean().round(2)
    np.float64(-0.75)
    """

    def __init__(self, scoring, y, weights, groups, classes, numbers=None):
        self._y, self._row_weights, self._row_groups, self._classes = y, weights, groups, classes
        self._numbers = np.arange(len(y)) if numbers is None else numbers
        self._scorer, self._scoring = None if scoring is None else find_scorer(scoring), scoring
        self.weights, self.groups = weights, groups
        if scoring is not None:
            self._blocks = _make_blocks(y, groups)
            self.weights = np.bincount(self._blocks, weights=weights)
            self.groups = np.arange(len(self.weights))

    @property
    def has_scorer(self):
        """bool : Whether strategies are compared by a score."""
        return self._scorer is not None

    @property
    def name(self):
        """str or None : The name of the score, "score" for a callable."""
        return "score" if callable(self._scoring) else self._scoring

    def take(self, rows):
        """Return the loss of some of the rows, by a mask."""
        groups = None if self._row_groups is None else self._row_groups[rows]
        arrays = self._y[rows], self._row_weights[rows], groups
        return ChoiceLoss(self._scoring, *arrays, self._classes, self._numbers[rows])

    def losses(self, prediction):
        """Return losses of shape (n_units,) of predictions for all rows."""
        if self._scorer is None:
            return row_losses(prediction, self._y)
        whole = self.score(prediction)
        without = np.array(
            [self._score_without(block, prediction, whole) for block in range(len(self.weights))]
        )
        rest = self._row_weights.sum() - self.weights
        values = (self._row_weights.sum() * whole - rest * without) / self.weights
        return -(values + whole - np.average(values, weights=self.weights))

    def score(self, prediction):
        """Return the score of all rows."""
        return self._score(prediction, np.ones(len(self._y), dtype=bool))

    def _score_without(self, block, prediction, whole):
        try:
            score = self._score(prediction, self._blocks != block)
        except ValueError:
            score = np.nan
        # Rows without which there is no score, as all of a class, say nothing of its spread.
        return score if np.isfinite(score) else whole

    def _score(self, prediction, rows):
        y, model = self._y[rows], _Fixed(prediction[rows])
        if self._classes is not None:
            y, model = self._classes[y], _FixedClassifier(prediction[rows], self._classes)
        weights = self._row_weights[rows]
        # Many scorers have no weights. Those of rows that folds test equally often are equal.
        options = {} if (weights == weights[:1]).all() else {"sample_weight": weights}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes without a prediction, or without rows
            return float(self._scorer(model, self._numbers[rows], y, **options))

    def check(self, prior):
        """Refuse a scorer that fails on a constant, before models are fitted for hours."""
        if self._scorer is None:
            return
        shape = (len(self._y), *np.shape(prior))
        try:
            self.score(np.broadcast_to(prior, shape))
        except (ValueError, TypeError, AttributeError) as error:
            kind = "numbers" if self._classes is None else f"{len(self._classes)} classes"
            raise ValueError(
                f"scoring={self._scoring!r} can't score predictions of {kind}. Pass a scorer that "
                f"can, or None{_hint(self._scoring)}. The scorer's error: {error}"
            ) from error


def find_scorer(scoring):
    """Return the scorer of a name; a callable is one."""
    if callable(scoring):
        return scoring
    names = get_scorer_names()
    if scoring in names:
        return get_scorer(scoring)
    raise ValueError(
        f"scoring={scoring!r} is not a scorer of scikit-learn{_hint(scoring)}. All are listed by "
        "sklearn.metrics.get_scorer_names()."
    )


def _hint(scoring):
    """Return the names of similar scorers, as the end of a sentence."""
    if callable(scoring):
        return ""
    names = [name for name in get_scorer_names() if name != scoring]
    similar = [name for name in names if name.startswith(f"{scoring}_")]  # of several classes
    similar += difflib.get_close_matches(scoring, names, n=3, cutoff=0.5)
    similar += [name for name in names if scoring in name]
    similar = list(dict.fromkeys(similar))[:5]
    return f" (similar: {', '.join(map(repr, similar))})" if similar else ""


def _make_blocks(y, groups):
    """Return the block of each row. Each block has rows of all parts of the target's range."""
    if groups is None:
        ranks = np.argsort(np.argsort(y, kind="stable"))
        return ranks % min(_MOST_BLOCKS, len(y))
    _, numbers = np.unique(groups, return_inverse=True)
    return numbers % min(_MOST_BLOCKS, numbers.max() + 1)


class _Fixed(RegressorMixin, BaseEstimator):
    """A fitted model, for scorers, whose predictions are there already."""

    def __init__(self, prediction):
        self.prediction = prediction

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return self.prediction


class _FixedClassifier(ClassifierMixin, _Fixed):
    """The same for classes."""

    def __init__(self, prediction, classes):
        super().__init__(prediction)
        self.classes_ = classes

    def predict_proba(self, X):
        return self.prediction

    def predict(self, X):
        return self.classes_[self.prediction.argmax(axis=1)]
