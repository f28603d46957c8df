"""Targets as networks want them: class numbers, or values of mean 0 and deviation 1."""

import numpy as np
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, column_or_1d


class TargetCoder:
    """Learns the form of y.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Classes of any type, or numbers.

    task : {"auto", "classification", "regression"}
        "auto" takes floats with a fraction for regression, and all else for classes.

    Attributes
    ----------
    values : ndarray
        Class numbers (int) of shape (n_rows,), or scaled values (float32) of shape
        (n_rows, n_outputs).

    classes : ndarray or None
        The classes; None for regression.

    n_outputs : int
        Units of the output layer.

    Examples
    --------
    >>> from skfusion.embedding._target import TargetCoder
    >>> coder = TargetCoder(["ill", "well", "ill"], task="auto")
    >>> coder.values, coder.n_outputs
    (array([0, 1, 0]), 2)
    """

    def __init__(self, y, task):
        assert_all_finite(np.asarray(y), input_name="y")
        self.is_classifier = _is_classification(y, task)
        if self.is_classifier:
            y = column_or_1d(y, warn=True)
            check_classification_targets(y)
            encoder = LabelEncoder().fit(y)
            self.classes, self.values = encoder.classes_, encoder.transform(y)
            self.n_outputs = len(self.classes)
            if self.n_outputs < 2:
                raise ValueError(
                    f"y holds one class only ({self.classes[0]!r}); a network needs at least two "
                    "classes to learn from."
                )
        else:
            y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            y = y.reshape(len(y), -1)
            scale = y.std(axis=0)
            self.classes = None
            self.values = ((y - y.mean(axis=0)) / np.where(scale > 0, scale, 1)).astype(np.float32)
            self.n_outputs = y.shape[1]

    @property
    def loss(self):
        """str : The Keras loss."""
        return "sparse_categorical_crossentropy" if self.is_classifier else "mean_squared_error"

    @property
    def activation(self):
        """str : The activation of the output layer."""
        return "softmax" if self.is_classifier else "linear"


def _is_classification(y, task):
    if task != "auto":
        return task == "classification"
    kind = type_of_target(y, input_name="y")
    if kind in ("binary", "multiclass"):
        return True
    if kind in ("continuous", "continuous-multioutput"):
        return False
    raise ValueError(
        f"Unknown label type: {kind}. y must hold one class a row, or numbers; pass "
        "task='regression' for whole numbers in several columns."
    )
