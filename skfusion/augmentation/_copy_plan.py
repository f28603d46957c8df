"""Which rows get how many copies."""

from numbers import Integral

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target

STRATEGIES = ("auto", "not majority", "not minority", "minority", "all")


def class_labels(y):
    """One class a row; of a column of y, or of indicators with a single 1 a row.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_columns)
        The target.

    Returns
    -------
    labels : ndarray of shape (n_rows,)
        For indicators, the number of the column that holds the 1.

    Raises
    ------
    ValueError
        If `y` is no single class a row.
    """
    check_classification_targets(y)
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim == 2:
        if type_of_target(y) != "multilabel-indicator" or (y.sum(axis=1) != 1).any():
            raise ValueError("Multilabel and multioutput targets are not supported.")
        return y.argmax(axis=1)
    return y


def copies_by_class(strategy, labels):
    """How many copies each class gets.

    Parameters
    ----------
    strategy : str, float, dict or callable
        imbalanced-learn's `sampling_strategy` of an over-sampler.

    labels : ndarray of shape (n_rows,)
        The class of each row.

    Returns
    -------
    n_copies : dict
        Class to number of copies, sorted by class; classes without copies may lack.

    Raises
    ------
    ValueError
        If the strategy is unknown, or would take rows away.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.augmentation._copy_plan import copies_by_class
    >>> copies_by_class("auto", np.array(["a", "b", "b", "b"]))
    {'a': 2}
    """
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class only, {classes.tolist()}: there is nothing to balance. Pass "
            "factor to copy every row."
        )
    counts = dict(zip(classes.tolist(), counts.tolist(), strict=True))
    if callable(strategy):
        strategy = strategy(labels)
        if not isinstance(strategy, dict):
            raise ValueError(
                f"a function as sampling_strategy must return a dict; got {strategy!r}."
            )
    if isinstance(strategy, dict):
        return _of_totals(strategy, counts)
    if isinstance(strategy, str):
        return _of_name(strategy, counts)
    return _of_ratio(strategy, counts)


def _of_name(name, counts):
    largest, smallest = max(counts, key=counts.get), min(counts, key=counts.get)
    chosen = {
        "minority": [smallest],
        "not minority": [each for each in counts if each != smallest],
        "all": list(counts),
    }
    others = [each for each in counts if each != largest]  # "auto" and "not majority"
    return {each: counts[largest] - counts[each] for each in chosen.get(name, others)}


def _of_ratio(ratio, counts):
    if len(counts) > 2:
        raise ValueError(
            f"sampling_strategy={ratio!r} is a ratio of two classes, y has {len(counts)}; pass a "
            "dict of the rows that each class shall have."
        )
    largest = max(counts, key=counts.get)
    (other,) = (each for each in counts if each != largest)
    n_copies = int(counts[largest] * ratio) - counts[other]
    if n_copies < 0:
        raise ValueError(
            f"sampling_strategy={ratio!r} would take rows of class {other!r} away: it has "
            f"{counts[other]} where {largest!r} has {counts[largest]}. Pass a larger ratio."
        )
    return {other: n_copies}


def _of_totals(totals, counts):
    for each, total in totals.items():
        if each not in counts:
            raise ValueError(
                f"The class {each!r} of sampling_strategy is not in y, whose classes are "
                f"{list(counts)}."
            )
        if not isinstance(total, Integral) or isinstance(total, bool) or total < counts[each]:
            raise ValueError(
                f"sampling_strategy must give each class at least the rows that it has: class "
                f"{each!r} has {counts[each]}, and {total!r} are asked for."
            )
    return {each: int(totals[each] - counts[each]) for each in sorted(totals)}


def spread(labels, n_copies, rng):
    """The origin of each copy: every row of a class gets as many, up to one more by lot.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        The class of each row.

    n_copies : dict
        Copies by class.

    rng : numpy.random.Generator
        Draws which rows get one more.

    Returns
    -------
    origins : ndarray of int of shape (n_copies,)
        Positions of rows, class after class.
    """
    origins = [np.empty(0, dtype=np.intp)]
    for each, total in n_copies.items():
        rows = np.flatnonzero(labels == each)
        every, more = divmod(total, len(rows))
        counts = np.full(len(rows), every)
        counts[rng.permutation(len(rows))[:more]] += 1
        origins.append(np.repeat(rows, counts))
    return np.concatenate(origins)


def number_copies(origins):
    """The how-manieth copy of its origin each one is, from 0."""
    seen = {}
    numbers = np.empty(len(origins), dtype=np.intp)
    for i, row in enumerate(origins):
        numbers[i] = seen.get(row, 0)
        seen[row] = numbers[i] + 1
    return numbers
