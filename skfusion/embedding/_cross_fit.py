"""Out-of-fold columns in the axes of the final network."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from threadpoolctl import threadpool_limits

# Below this many numbers the threads of a linear algebra library cost more than they bring, and
# very much more where other processes want the cores as well.
_THREADS_PAY = 2_000_000


class ProcrustesMap:
    """A centred, scaled orthogonal map from one network's axes to another's.

    Two networks that were trained on different folds see the same pictures along different
    axes. The map that turns, scales and shifts one cloud of rows onto the other, fitted on the
    rows that both were trained on, makes their columns comparable.

    Parameters
    ----------
    source : ndarray of shape (n_rows, n_source)
        The rows in the axes to map from.

    target : ndarray of shape (n_rows, n_target)
        The same rows in the axes to map to.

    Notes
    -----
    The solution of Schönemann, "A generalized solution of the orthogonal Procrustes problem"
    (doi:10.1007/BF02289451), in the subspaces that the rows span: the cost follows the number of
    rows where there are fewer rows than columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.embedding._cross_fit import ProcrustesMap
    >>> source = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> target = source @ np.array([[0.0, 1.0], [-1.0, 0.0]]) * 3 + 5
    >>> bool(np.allclose(ProcrustesMap(source, target).apply(source), target))
    True
    """

    def __init__(self, source, target):
        self.source_mean = source.mean(axis=0, dtype=np.float64)
        self.target_mean = target.mean(axis=0, dtype=np.float64)
        with threadpool_limits(None if source.size > _THREADS_PAY else 1, user_api="blas"):
            rows_from, self.source_axes = _reduced(source - self.source_mean)
            rows_to, self.target_axes = _reduced(target - self.target_mean)
            left, values, right = np.linalg.svd(rows_from.T @ rows_to, full_matrices=False)
        self.rotation = left @ right
        spread = np.sum(rows_from**2)
        self.scale = values.sum() / spread if spread > 0 else 0.0

    def apply(self, rows):
        """Rows in the source's axes, brought to the target's."""
        inner = (rows - self.source_mean) @ self.source_axes.T
        return self.scale * (inner @ self.rotation) @ self.target_axes + self.target_mean


def _reduced(rows):
    """Rows as coordinates in the subspace that they span, and its orthonormal axes."""
    left, values, axes = np.linalg.svd(rows, full_matrices=False)
    tolerance = (values[0] if len(values) else 0.0) * max(rows.shape) * np.finfo(np.float32).eps
    rank = max(1, int(np.sum(values > tolerance)))
    return left[:, :rank] * values[:rank], axes[:rank]


def make_folds(cv, target, n_rows, seed):
    """The folds of a `cv` parameter: shuffled for an int, stratified for classes; none for None.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        As in `CNNEmbedder`.

    target : TargetCoder
        The form of y.

    n_rows : int
        How many rows there are.

    seed : int
        Where shuffling starts.

    Returns
    -------
    folds : list of tuple (train, test) of ndarray of int
        Row numbers.
    """
    if cv is None:
        return []
    if isinstance(cv, Integral):
        most = np.bincount(target.values).max() if target.is_classifier else n_rows
        if most < cv:
            raise ValueError(
                f"cv={cv} folds need {cv} rows{' in a class' if target.is_classifier else ''}, "
                f"there are {most}. Pass a smaller cv, or cv=None for columns that are not "
                "cross-fitted."
            )
        kind = StratifiedKFold if target.is_classifier else KFold
        cv = kind(cv, shuffle=True, random_state=seed)
    splitter = check_cv(cv, target.values, classifier=target.is_classifier)
    return list(splitter.split(np.zeros((n_rows, 1)), target.values))


def out_of_fold(folds, final_rows, embed_fold):
    """Columns of each row from a network that was not trained on it.

    Parameters
    ----------
    folds : list of tuple (train, test) of ndarray of int
        Rows of each fold. Rows in no test set keep the final network's columns; rows in several
        get the mean.

    final_rows : ndarray of shape (n_rows, n_columns)
        The columns of the final network.

    embed_fold : callable
        ``embed_fold(number, train, rows)`` trains the fold's network and gives its columns for
        these rows.

    Returns
    -------
    columns : ndarray of shape (n_rows, n_columns), float32
        Cross-fitted columns; `final_rows` where there are no folds.
    """
    total = np.zeros(final_rows.shape if folds else (len(final_rows), 1))
    times = np.zeros(len(final_rows), dtype=int)
    for number, (train, test) in enumerate(folds):
        columns = embed_fold(number, train, np.concatenate([train, test]))
        axes = ProcrustesMap(columns[: len(train)], final_rows[train])
        total[test] += axes.apply(columns[len(train) :])
        times[test] += 1
    seen = times > 0
    result = np.array(final_rows, dtype=np.float32)
    result[seen] = total[seen] / times[seen, np.newaxis]
    # A unit that is dead in the final network stays exactly so: the map leaves rounding noise in
    # its column, which a scaler would blow up to the size of the others.
    dead = (final_rows == final_rows[:1]).all(axis=0)
    result[:, dead] = final_rows[0, dead]
    return result
