"""TargetEncoding: y as class numbers, as 0 and 1, or scaled to mean 0 and deviation 1."""

from decimal import Decimal

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from skfusion.training._amounts import look_like_amounts, warn_of_amounts

# The Keras loss and the activation of the output layer, by kind of target.
OUTPUT_LAYERS = {
    "classes": ("sparse_categorical_crossentropy", "softmax"),
    "labels": ("binary_crossentropy", "sigmoid"),
    "bins": ("sparse_categorical_crossentropy", "softmax"),
    "numbers": ("mean_squared_error", "linear"),
}
# Patterns of labels are strata if each has this many rows: enough for ten folds.
_PATTERN_ROWS = 10


class TargetEncoding:
    """Encode y for a network: as class numbers, 0 and 1, or scaled numbers.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows,) or (n_rows, n_outputs)
        Classes of any type, a 0/1 column for each label, or numbers.

    task : {"auto", "classification", "regression"}
        "auto" is "regression" for floats with a fraction, and otherwise "classification".

    bins : int or None, default=None
        For regression: cut y into this many bins of about equal weight, and let the network
        predict the bin. Ties may leave fewer bins. This is the option `target_bins`.

    loss : {"auto", "squared_error", "huber"}, default="auto"
        The loss of a regression without bins; "auto" is the squared error. Values are scaled, so
        "huber" turns from squared to absolute errors at one standard deviation of y.

    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of the rows in the mean, the standard deviation and the quantiles of numbers. None,
        or zeros only, weights all rows equally.

    Attributes
    ----------
    kind : {"classes", "labels", "bins", "numbers"}
        What the network predicts; "labels" are several 0/1 columns.

    values : ndarray
        Class or bin numbers (int) of shape (n_rows,); or labels, or scaled numbers (float32), of
        shape (n_rows, n_outputs).

    classes : ndarray or None
        The classes, sorted, so that ``classes[values]`` is y; for labels the numbers of the
        columns, as in scikit-learn; None for regression.

    is_classifier : bool
        Whether y holds classes or labels. False for bins of a regression.

    strata : ndarray of int of shape (n_rows,), or None
        What folds and validation rows are stratified by: classes, bins, or the rows' patterns of
        labels if each is frequent enough. None if there is nothing to stratify by.

    center, scale : ndarray of shape (n_outputs,), or None
        For numbers: ``values * scale + center`` is y.

    edges : ndarray of shape (n_bins - 1,), or None
        For bins: the highest y of each bin but the last.

    bin_means : ndarray of shape (n_bins,), or None
        For bins: the mean of y in each bin.

    n_outputs : int
        Number of units of the output layer.

    loss : str
        The Keras loss.

    activation : str
        The activation of the output layer.

    Raises
    ------
    ValueError
        If y has no rows, missing or infinite entries, a single class or a form that a network
        cannot learn, or if `bins` or `loss` do not apply to it.

    Notes
    -----
    Arazi et al. (2026, MulTaBench, arXiv:2605.10616) train embeddings for tabular models. For
    regression they report better columns from predicting bins than from minimizing the squared
    error.

    Examples
    --------
    >>> from skfusion.training._target_encoding import TargetEncoding
    >>> target = TargetEncoding(["ill", "well", "ill"], task="auto")
    >>> target.values, target.n_outputs
    (array([0, 1, 0]), 2)
    >>> TargetEncoding([0.5, 2.5, 1.5, 9.5], task="auto", bins=2).values
    array([0, 1, 0, 1])
    """

    def __init__(self, y, task, *, bins=None, loss="auto", sample_weight=None):
        y = as_targets(y)
        self.kind = _find_kind(y, task, bins)
        self.is_classifier = self.kind in ("classes", "labels")
        if self.kind == "classes" and task == "auto" and look_like_amounts(y):
            warn_of_amounts(y)
        if loss != "auto" and self.kind != "numbers":
            raise ValueError(
                f"loss={loss!r} is for regression without target_bins; here the network predicts "
                f"{self.kind}. Pass loss='auto'."
            )
        self.loss, self.activation = OUTPUT_LAYERS[self.kind]
        self.classes = self.strata = self.center = self.scale = self.edges = self.bin_means = None
        if sample_weight is not None and not np.any(sample_weight):
            sample_weight = None
        if self.kind == "classes":
            self._learn_classes(column_or_1d(y, warn=True))
        elif self.kind == "labels":
            self._learn_labels(y)
        elif self.kind == "bins":
            self._learn_bins(as_numbers(y), bins, sample_weight)
        else:
            self._learn_numbers(as_numbers(y), loss, sample_weight)

    def _learn_classes(self, y):
        self.classes, self.values = np.unique(y, return_inverse=True)
        self.strata = self.values
        self.n_outputs = len(self.classes)
        if self.n_outputs < 2:
            raise ValueError(
                f"y holds one class only ({self.classes.tolist()[0]!r}); a network needs at least "
                "two classes to learn from."
            )

    def _learn_labels(self, y):
        if not np.isin(y, [0, 1]).all():
            raise ValueError(
                f"y has {y.shape[1]} columns that hold {np.unique(y).tolist()}; labels are 0 and "
                "1. If these are amounts, this is a regression (task='regression', DenseRegressor)."
            )
        if (y == y[:1]).all():
            raise ValueError("y holds the same labels in every row; there is nothing to learn.")
        self.values = y.astype(np.float32)
        self.n_outputs = y.shape[1]
        self.classes = np.arange(self.n_outputs)
        _, patterns, rows = np.unique(self.values, axis=0, return_inverse=True, return_counts=True)
        if rows.min() >= _PATTERN_ROWS:
            self.strata = patterns.reshape(-1)  # NumPy 2.0 gives it a second axis

    def _learn_bins(self, y, bins, weights):
        if y.shape[1] > 1:
            raise ValueError(
                f"target_bins={bins} needs a y of one column, y has {y.shape[1]}. Fit one "
                "estimator for each column, or pass target_bins=None."
            )
        y = y[:, 0]
        weights = np.ones(len(y)) if weights is None else weights
        distinct = np.unique(y[weights > 0])
        if bins < 2 or len(distinct) < 2:
            raise ValueError(
                f"target_bins={bins} does not give two bins of a y with {len(distinct)} distinct "
                "value(s). At least two of both are needed; or pass target_bins=None."
            )
        # The quantiles are values of y, each the highest in its bin, so that no bin is empty. A
        # quantile that is the highest value of all is replaced by the one before it, so that the
        # last bin is not empty.
        order = np.argsort(y)
        total = np.cumsum(weights[order])
        ranks = np.searchsorted(total, np.arange(1, bins) * total[-1] / bins)
        self.edges = np.unique(np.minimum(y[order][ranks], distinct[-2]))
        self.values = self.strata = np.searchsorted(self.edges, y)
        self.bin_means = np.array(
            [
                np.average(y[self.values == i], weights=weights[self.values == i])
                for i in range(len(self.edges) + 1)
            ]
        )
        self.n_outputs = len(self.bin_means)

    def _learn_numbers(self, y, loss, weights):
        self.center = np.average(y, axis=0, weights=weights)
        deviation = np.sqrt(np.average((y - self.center) ** 2, axis=0, weights=weights))
        # The mean of a constant may be off by its last digit.
        rounding = len(y) * np.finfo(np.float64).eps * np.abs(self.center)
        self.scale = np.where(deviation > rounding, deviation, 1)
        self.values = ((y - self.center) / self.scale).astype(np.float32)
        self.n_outputs = y.shape[1]
        if loss == "huber":
            self.loss = "huber"  # the delta of 1 in Keras is one standard deviation


def as_targets(y):
    """Convert y to an array of one plain type without missing entries.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows,) or (n_rows, n_outputs)
        Classes of any type, or numbers.

    Returns
    -------
    targets : ndarray
        Of the same shape. Numbers and booleans of pandas types become those of NumPy.

    Raises
    ------
    ValueError
        If there are no targets, or if some are missing, infinite, lists, or of mixed types.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.training._target_encoding import as_targets
    >>> as_targets(pd.Series([1, 2], dtype="Int64"))
    array([1, 2])
    """
    y = y.toarray() if issparse(y) else y
    if getattr(getattr(y, "dtype", None), "kind", None) == "T":  # scikit-learn has no support
        y = y.astype(object)
    # As objects first: a list of strings would turn NaN into the string "nan".
    cells = y if isinstance(y, np.ndarray) else np.asarray(y, dtype=object)
    if cells.ndim == 0 or cells.size == 0:
        raise ValueError("y must hold one target for each row, it holds none.")
    missing = pd.isna(cells).reshape(len(cells), -1).any(axis=1)
    if missing.any():
        raise ValueError(
            f"Input y contains NaN or None in {missing.sum()} of {len(cells)} rows (the first is "
            f"row {missing.argmax()}). Drop the rows that have no target, in X as well."
        )
    if cells.dtype == object and any(isinstance(c, list | tuple | set | dict) for c in cells.flat):
        raise ValueError(
            "y holds lists. For several labels in a row, pass the 0/1 table that "
            "MultiLabelBinarizer().fit_transform(y) returns."
        )
    array = np.asarray(y)
    if array.dtype.kind in "OU":
        array = _of_one_type(array, cells)
    if array.dtype.kind == "f":
        assert_all_finite(array, input_name="y")
    return array


def _of_one_type(array, cells):
    """Convert an object array of numbers or booleans to their type; leave strings."""
    is_string = [isinstance(cell, str) for cell in cells.flat]
    if not any(is_string):
        plain = [float(cell) if isinstance(cell, Decimal) else cell for cell in cells.flat]
        return np.asarray(plain).reshape(array.shape)
    if not all(is_string):
        names = sorted({type(cell).__name__ for cell in cells.flat})
        raise ValueError(f"y mixes {' and '.join(names)}. Pass only strings, or only numbers.")
    return array


def as_numbers(y):
    """Return a column of float64 for each output, from what `as_targets` returned."""
    if isinstance(y.flat[0], str):
        raise ValueError("y holds strings, but a regression (task='regression') needs numbers.")
    refuse_dates(y)
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    return y.reshape(len(y), -1)


def refuse_dates(y):
    """Refuse dates and durations: as numbers, their unit would depend on how they are kept."""
    if y.dtype.kind in "mM":
        raise ValueError(
            f"y holds {'dates' if y.dtype.kind == 'M' else 'durations'}, but a regression needs "
            "numbers. Pass days, for example: (y - y.min()) / pandas.Timedelta(days=1)."
        )


def _find_kind(y, task, bins):
    numbers = "numbers" if bins is None else "bins"
    if task == "regression":
        return numbers
    form = type_of_target(y, input_name="y")
    if form.startswith("continuous") and task == "auto":
        return numbers
    if form not in ("binary", "multiclass", "multilabel-indicator"):
        raise ValueError(
            f"Unknown label type: {form}. y must hold one class a row, a 0/1 column for each "
            "label, or numbers. Pass one column of classes at a time; if these are amounts, this "
            "is a regression (task='regression', DenseRegressor)."
        )
    if bins is not None:
        raise ValueError(
            f"target_bins={bins} is for regression, but y holds classes. Pass task='regression' "
            "if its numbers are amounts, else target_bins=None."
        )
    return "labels" if form == "multilabel-indicator" else "classes"
