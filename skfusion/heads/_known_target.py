"""KnownTarget: y of a further call, in the form that an earlier call learned."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import column_or_1d

from skfusion.training._target_encoding import OUTPUT_LAYERS, as_numbers, as_targets


@dataclass
class KnownTarget:
    """Targets whose form is known, with what a `TargetEncoding` gives.

    Parameters
    ----------
    kind : {"classes", "labels", "bins", "numbers"}
        What the network predicts.

    values : ndarray
        Class numbers of shape (n_rows,); or labels, or scaled numbers, of shape
        (n_rows, n_outputs).

    n_outputs : int
        Units of the output layer.

    classes : ndarray or None, default=None
        The classes, sorted.

    center, scale : ndarray of shape (n_outputs,), or None, default=None
        For numbers: ``values * scale + center`` is y.

    edges, bin_means : ndarray or None, default=None
        For bins: the highest y of each bin but the last, and the mean of each.

    loss : str or None, default=None
        A Keras loss; None is the usual one of the kind.
    """

    kind: str
    values: np.ndarray
    n_outputs: int
    classes: np.ndarray | None = None
    center: np.ndarray | None = None
    scale: np.ndarray | None = None
    edges: np.ndarray | None = None
    bin_means: np.ndarray | None = None
    loss: str | None = None

    def __post_init__(self):
        loss, self.activation = OUTPUT_LAYERS[self.kind]
        self.loss = self.loss or loss
        self.strata = self.values if self.kind in ("classes", "bins") else None


def encode_classes(y, classes):
    """Encode one class a row.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Some of the classes.

    classes : ndarray of shape (n_classes,)
        All classes, sorted.

    Returns
    -------
    target : KnownTarget
        With the positions in `classes`.

    Raises
    ------
    ValueError
        If y holds other classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.heads._known_target import encode_classes
    >>> encode_classes(["cat", "cat"], np.array(["ant", "bee", "cat"])).values
    array([2, 2])
    """
    y = column_or_1d(as_targets(y), warn=True)
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"`y` has classes not in `self.classes_`: {unknown.tolist()}. `self.classes_` has "
            f"{classes.tolist()}. Pass all classes as `classes` on the first call to partial_fit."
        )
    return KnownTarget("classes", np.searchsorted(classes, y), len(classes), classes=classes)


def encode_labels(y, n_labels):
    """Encode a column of 0 and 1 for each label, with any labels in a row.

    Raises
    ------
    ValueError
        If y has another number of columns, or other values.
    """
    y = as_targets(y)
    if y.ndim != 2 or y.shape[1] != n_labels or not np.isin(y, [0, 1]).all():
        raise ValueError(
            f"y must have {n_labels} columns of 0 and 1, one for each label; it has shape "
            f"{y.shape} and values up to {y.max()!r}."
        )
    return KnownTarget("labels", y.astype(np.float32), n_labels, classes=np.arange(n_labels))


def encode_bins(y, edges, bin_means):
    """Encode numbers as the bins of an earlier call.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Numbers.

    edges : ndarray of shape (n_bins - 1,)
        The highest y of each bin but the last.

    bin_means : ndarray of shape (n_bins,)
        The mean of y in each bin.

    Returns
    -------
    target : KnownTarget
        With the numbers of bins.

    Raises
    ------
    ValueError
        If y has several columns, or isn't numeric.
    """
    y = as_numbers(as_targets(y))
    if y.shape[1] > 1:
        raise ValueError(f"y has {y.shape[1]} columns, and one in the first call.")
    values = np.searchsorted(edges, y[:, 0])
    return KnownTarget("bins", values, len(bin_means), edges=edges, bin_means=bin_means)


def encode_numbers(y, center, scale, loss):
    """Scale numbers as those of an earlier call.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Numbers.

    center, scale : ndarray of shape (n_outputs,)
        What the earlier call learned.

    loss : str or None
        A Keras loss; None is the squared error.

    Returns
    -------
    target : KnownTarget
        With float32 values.

    Raises
    ------
    ValueError
        If y has another number of columns, or isn't numeric.
    """
    y = as_numbers(as_targets(y))
    if y.shape[1] != len(center):
        raise ValueError(f"y has {y.shape[1]} columns, and {len(center)} in the first call.")
    values = ((y - center) / scale).astype(np.float32)
    return KnownTarget("numbers", values, len(center), center=center, scale=scale, loss=loss)
