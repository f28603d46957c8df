"""Number of copies of each class and of each row."""

from numbers import Integral

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target

STRATEGIES = ("auto", "not majority", "not minority", "minority", "all")


def class_labels(y):
    """Return one class for each row of y.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_columns)
        Classes, or indicators with a single 1 in each row.

    Returns
    -------
    labels : ndarray of shape (n_rows,)
        For indicators, the number of the column that holds the 1.

    Raises
    ------
    ValueError
        If `y` does not have a single class in each row.
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
    """Return the number of copies of each class.

    Parameters
    ----------
    strategy : str, float, dict or callable
        The `sampling_strategy` of over-samplers in imbalanced-learn.

    labels : ndarray of shape (n_rows,)
        The class of each row.

    Returns
    -------
    n_copies : dict
        Number of copies by class, sorted by class. Classes without copies may be left out.

    Raises
    ------
    ValueError
        If the strategy is unknown, or would remove rows.

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
            "factor to copy each row."
        )
    counts = dict(zip(classes.tolist(), counts.tolist(), strict=True))
    if callable(strategy):
        strategy = strategy(labels)
        if not isinstance(strategy, dict):
            raise ValueError(
                f"A function that is passed as sampling_strategy must return a dict; got "
                f"{strategy!r}."
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
            f"sampling_strategy={ratio!r} is a ratio of two classes, y has {len(counts)}. Pass a "
            "dict of the number of rows of each class."
        )
    largest = max(counts, key=counts.get)
    (other,) = (each for each in counts if each != largest)
    n_copies = int(counts[largest] * ratio) - counts[other]
    if n_copies < 0:
        raise ValueError(
            f"sampling_strategy={ratio!r} would remove rows of class {other!r}: it has "
            f"{counts[other]} rows, and {largest!r} has {counts[largest]}. Pass a larger ratio."
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
                f"sampling_strategy must not have fewer rows of a class than y: class {each!r} "
                f"has {counts[each]} rows in y, and {total!r} in sampling_strategy."
            )
    return {each: int(totals[each] - counts[each]) for each in sorted(totals)}


def choose_origins(labels, n_copies, rng):
    """Choose the row that each copy is made from.

    All rows of a class get the same number of copies, or one more, drawn at random.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        The class of each row.

    n_copies : dict
        Number of copies by class.

    rng : numpy.random.Generator
        Draws the rows with one more copy.

    Returns
    -------
    origins : ndarray of int of shape (n_copies,)
        Positions of rows, class by class.
    """
    origins = [np.empty(0, dtype=np.intp)]
    for each, total in n_copies.items():
        rows = np.flatnonzero(labels == each)
        each_gets, n_more = divmod(total, len(rows))
        counts = np.full(len(rows), each_gets)
        counts[rng.permutation(len(rows))[:n_more]] += 1
        origins.append(np.repeat(rows, counts))
    return np.concatenate(origins)


def number_copies(origins):
    """Return the number of each copy among those of its origin, from 0."""
    seen = {}
    numbers = np.empty(len(origins), dtype=np.intp)
    for i, row in enumerate(origins):
        numbers[i] = seen.get(row, 0)
        seen[row] = numbers[i] + 1
    return numbers
