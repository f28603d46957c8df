"""Weights of rows from weights of classes."""

from numbers import Real

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight


def combined_weight(target, class_weight, sample_weight):
    """The weight of each row in the loss: that of its class times its own.

    It is computed once over all rows, from y alone: a row weighs the same in each fold, in
    training and in validation.

    Parameters
    ----------
    target : TargetEncoding
        The form of y, with the values of all rows.

    class_weight : dict, "balanced" or None
        "balanced" gives all classes (or bins) the same total; in a y of several labels it
        multiplies the weights of the columns, as scikit-learn does. A dict holds weights by the
        classes in y; classes that it leaves out weigh one.

    sample_weight : array-like of shape (n_rows,) or None
        The rows' own weights.

    Returns
    -------
    weight : ndarray of shape (n_rows,), float64, or None
        None where all rows weigh one because neither weight was given.

    Raises
    ------
    ValueError
        If y holds numbers, the dict holds a class that y does not have while one of y's has no
        weight, or a weight is not a number of 0 or more.

    Examples
    --------
    >>> from skfusion.training._class_weight import combined_weight
    >>> from skfusion.training._target_encoder import TargetEncoding
    >>> target = TargetEncoding(["well", "ill", "well"], task="auto")
    >>> combined_weight(target, {"ill": 5}, [1, 1, 2])
    array([1., 5., 2.])
    """
    weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if class_weight is None:
        return weight
    if target.kind == "numbers":
        raise ValueError(
            "class_weight needs classes, y holds numbers. Pass weights of rows as sample_weight, "
            "or target_bins to train on bins of y."
        )
    if isinstance(class_weight, dict):
        _check_dict(target, class_weight)
        # All classes: scikit-learn refuses a dict with some that these rows don't have.
        class_weight = {label: class_weight.get(label, 1) for label in target.classes.tolist()}
    y = target.classes[target.values] if target.kind == "classes" else target.values
    by_class = compute_sample_weight(class_weight, y)
    return by_class if weight is None else weight * by_class


def _check_dict(target, class_weight):
    if target.kind != "classes":
        raise ValueError(
            f"class_weight as a dict needs one class a row, here the network predicts "
            f"{target.kind}. Pass class_weight='balanced', or weights of rows as sample_weight."
        )
    classes = target.classes.tolist()
    unknown = [label for label in class_weight if label not in classes]
    # As in scikit-learn: a class without a row, as a fold may have, is no error where all that
    # have rows are weighted; else it's taken for a slip of the pen.
    if unknown and any(label not in class_weight for label in classes):
        raise ValueError(
            f"class_weight has classes that y does not have: {unknown}. Those in y are {classes}."
        )
    for label, weight in class_weight.items():
        if not (isinstance(weight, Real) and np.isfinite(weight) and weight >= 0):
            raise ValueError(
                f"class_weight[{label!r}] is {weight!r}, it must be a number of 0 or more."
            )
