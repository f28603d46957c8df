"""Targets as networks want them: class numbers, 0 and 1, or values of mean 0 and deviation 1."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from skfusion.training._amounts import look_like_amounts, warn_of_amounts

# By kind of target: the Keras loss and the activation of the output layer.
_OUTPUT = {
    "classes": ("sparse_categorical_crossentropy", "softmax"),
    "labels": ("binary_crossentropy", "sigmoid"),
    "bins": ("sparse_categorical_crossentropy", "softmax"),
    "numbers": ("mean_squared_error", "linear"),
}
# Rows that each pattern of labels needs for patterns to be strata: enough for ten folds.
_PATTERN_ROWS = 10


class TargetEncoding:
    """Learns the form of y.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows,) or (n_rows, n_outputs)
        Classes of any type, a 0/1 column for each label, or numbers.

    task : {"auto", "classification", "regression"}
        "auto" takes floats with a fraction for regression, and all else for classes.

    bins : int or None, default=None
        For regression: cut y into so many bins with about as many rows each, and let the network
        predict the bin. Ties leave fewer bins. This is `CNNEmbedder`'s `target_bins`.

    loss : {"auto", "squared_error", "huber"}, default="auto"
        The loss of a regression without bins; "auto" is the squared error. Values are scaled, so
        "huber" turns from squares to absolute errors at one standard deviation of y.

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
        Whether y holds classes or labels. False for bins: they are a means, y stays numbers.

    strata : ndarray of int of shape (n_rows,), or None
        What folds and validation rows are stratified by: classes, bins, or the rows' patterns of
        labels where each is frequent enough. None where there is nothing to stratify by.

    center, scale : ndarray of shape (n_outputs,), or None
        For numbers: ``values * scale + center`` is y.

    n_outputs : int
        Units of the output layer.

    loss : str
        The Keras loss.

    activation : str
        The activation of the output layer.

    Raises
    ------
    ValueError
        If y has no rows, missing or infinite entries, a single class or a form that a network
        can't learn, or if `bins` or `loss` do not suit it.

    Notes
    -----
    Arazi et al. (2026, MulTaBench, arXiv:2605.10616) tune embeddings that tabular learners use
    after; for regression they report better columns from predicting bins than from minimizing the
    squared error.

    Examples
    --------
    >>> from skfusion.training._target_encoder import TargetEncoding
    >>> coder = TargetEncoding(["ill", "well", "ill"], task="auto")
    >>> coder.values, coder.n_outputs
    (array([0, 1, 0]), 2)
    >>> TargetEncoding([0.5, 2.5, 1.5, 9.5], task="auto", bins=2).values
    array([0, 1, 0, 1])
    """

    def __init__(self, y, task, *, bins=None, loss="auto"):
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
        self.loss, self.activation = _OUTPUT[self.kind]
        self.classes = self.strata = self.center = self.scale = None
        if self.kind == "classes":
            self._learn_classes(column_or_1d(y, warn=True))
        elif self.kind == "labels":
            self._learn_labels(y)
        elif self.kind == "bins":
            self._learn_bins(_as_numbers(y), bins)
        else:
            self._learn_numbers(_as_numbers(y), loss)

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

    def _learn_bins(self, y, bins):
        if y.shape[1] > 1:
            raise ValueError(
                f"target_bins={bins} cuts one column of numbers, y has {y.shape[1]}. Fit one "
                "embedder for each column, or pass target_bins=None."
            )
        y = y[:, 0]
        distinct = np.unique(y)
        if bins < 2 or len(distinct) < 2:
            raise ValueError(
                f"target_bins={bins} makes no two bins of a y with {len(distinct)} distinct "
                "value(s). At least two of both are needed; or pass target_bins=None."
            )
        # The quantiles are values of y, each the highest in its bin: so no bin is empty. Where they
        # reach the greatest value, the one before it stands in, so that a last bin remains.
        ranks = np.ceil(np.arange(1, bins) * len(y) / bins).astype(int)
        edges = np.unique(np.minimum(np.sort(y)[ranks - 1], distinct[-2]))
        self.values = self.strata = np.searchsorted(edges, y)
        self.n_outputs = len(edges) + 1

    def _learn_numbers(self, y, loss):
        deviation = y.std(axis=0)
        self.center, self.scale = y.mean(axis=0), np.where(deviation > 0, deviation, 1)
        self.values = ((y - self.center) / self.scale).astype(np.float32)
        self.n_outputs = y.shape[1]
        if loss == "huber":
            self.loss = "huber"  # Keras's delta of 1 is one standard deviation


def as_targets(y):
    """An array of one plain type, without missing entries, of what a user has as y.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows,) or (n_rows, n_outputs)
        Classes of any type, or numbers.

    Returns
    -------
    targets : ndarray
        Of the same shape; numbers and booleans of pandas's own types as NumPy's.

    Raises
    ------
    ValueError
        If there are none, if some are missing, infinite, lists, or of mixed types.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.training._target_encoder import as_targets
    >>> as_targets(pd.Series([1, 2], dtype="Int64"))
    array([1, 2])
    """
    y = y.toarray() if issparse(y) else y
    # As objects first: a list of strings would turn NaN into the string "nan".
    cells = y if isinstance(y, np.ndarray) else np.asarray(y, dtype=object)
    if cells.ndim == 0 or cells.size == 0:
        raise ValueError("y must hold one target a row, it holds none.")
    missing = pd.isna(cells).reshape(len(cells), -1).any(axis=1)
    if missing.any():
        raise ValueError(
            f"Input y contains NaN or None in {missing.sum()} of {len(cells)} rows (the first is "
            f"row {missing.argmax()}). Drop the rows that have no target, in X as well."
        )
    if cells.dtype == object and any(isinstance(c, list | tuple | set | dict) for c in cells.flat):
        raise ValueError(
            "y holds a list or the like in a row. For several labels a row, pass the 0/1 table "
            "that MultiLabelBinarizer().fit_transform(y) makes."
        )
    array = np.asarray(y)
    if array.dtype.kind in "OU":
        array = _of_one_type(array, cells)
    if array.dtype.kind == "f":
        assert_all_finite(array, input_name="y")
    return array


def _of_one_type(array, cells):
    """Numbers and booleans that lie in an object array as what they are; strings stay."""
    is_string = [isinstance(cell, str) for cell in cells.flat]
    if not any(is_string):
        return np.asarray(array.tolist())
    if not all(is_string):
        names = sorted({type(cell).__name__ for cell in cells.flat})
        raise ValueError(
            f"y mixes {' and '.join(names)}. Make its labels all strings, or all numbers."
        )
    return array


def _as_numbers(y):
    """A column of float64 for each output."""
    if isinstance(y.flat[0], str):
        raise ValueError("y holds strings, but a regression (task='regression') needs numbers.")
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    return y.reshape(len(y), -1)


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
