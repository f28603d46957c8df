"""Weights of rows: from weights of classes, and on a common scale."""

from numbers import Real

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight


def combine_weights(target, class_weight, sample_weight):
    """Return the weight of each row in the loss: that of its class times its own.

    It is computed once over all rows. So a row has the same weight in each fold, in training and
    in validation.

    Parameters
    ----------
    target : TargetEncoding
        The encoded y of all rows.

    class_weight : dict, "balanced" or None
        "balanced" gives all classes (or bins) the same total. For several labels in a row it
        multiplies the weights of the columns, as scikit-learn does. A dict maps classes of y to
        weights; classes that are not in it have weight 1.

    sample_weight : array-like of shape (n_rows,) or None
        Weights of the rows, 0 or more.

    Returns
    -------
    weight : ndarray of shape (n_rows,), float64, or None
        None if neither weight is passed, so that all rows have weight 1.

    Raises
    ------
    ValueError
        If class weights are passed and y holds numbers; the dict has a class that is not in y
        while a class of y has no weight; a weight is not a number of 0 or more; or all weights
        are 0.

    Examples
    --------
    >>> from skfusion.training._weights import combine_weights
    >>> from skfusion.training._target_encoding import TargetEncoding
    >>> target = TargetEncoding(["well", "ill", "well"], task="auto")
    >>> combine_weights(target, {"ill": 5}, [1, 1, 2])
    array([1., 5., 2.])
    """
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if class_weight is not None:
        by_class = _weights_by_class(target, class_weight)
        weights = by_class if weights is None else weights * by_class
    if weights is not None and not weights.any():
        raise ValueError("All rows have weight 0; there is nothing to learn from.")
    return weights


def normalize_weights(weights, held_out):
    """Scale weights to a mean of 1 over the training rows.

    The loss of a batch is divided by its number of rows: without this, a common factor of all
    weights would act like a learning rate.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows.

    held_out : ndarray of int
        Rows that are held out of training.

    Returns
    -------
    weights : ndarray of shape (n_rows,) or None
        None for None.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._weights import normalize_weights
    >>> normalize_weights(np.array([2.0, 6.0, 1.0]), held_out=np.array([2]))
    array([0.5 , 1.5 , 0.25])
    """
    if weights is None:
        return None
    return weights / (np.delete(weights, held_out).mean() or weights.mean() or 1.0)


def _weights_by_class(target, class_weight):
    """Return the weight of each row's class."""
    if target.kind == "numbers":
        raise ValueError(
            "class_weight needs classes, y holds numbers. Pass weights of rows as sample_weight, "
            "or target_bins to train on bins of y."
        )
    if isinstance(class_weight, dict):
        _check_dict(target, class_weight)
        # With all classes, since scikit-learn refuses a dict with classes that y does not have.
        class_weight = {label: class_weight.get(label, 1) for label in target.classes.tolist()}
    y = target.classes[target.values] if target.kind == "classes" else target.values
    return compute_sample_weight(class_weight, y)


def _check_dict(target, class_weight):
    if target.kind != "classes":
        raise ValueError(
            f"class_weight as a dict needs one class in each row, here the network predicts "
            f"{target.kind}. Pass class_weight='balanced', or weights of rows as sample_weight."
        )
    classes = target.classes.tolist()
    unknown = [label for label in class_weight if label not in classes]
    # A fold may lack a class. So an unknown class is an error only if a class of y has no weight,
    # which is probably a misspelling.
    if unknown and any(label not in class_weight for label in classes):
        raise ValueError(
            f"class_weight has classes that y does not have: {unknown}. Those in y are {classes}."
        )
    for label, weight in class_weight.items():
        if not (isinstance(weight, Real) and np.isfinite(weight) and weight >= 0):
            raise ValueError(
                f"class_weight[{label!r}] is {weight!r}, it must be a number of 0 or more."
            )
