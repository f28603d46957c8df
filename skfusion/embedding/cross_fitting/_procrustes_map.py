"""ProcrustesMap: maps columns from the axes of one network to those of another."""

import numpy as np
from threadpoolctl import threadpool_limits

# Below this many numbers the threads of a linear algebra library cost more than they bring, and
# far more where other processes use the cores.
_THREADS_PAY = 2_000_000
# How strongly the map is pulled towards the identity; each is tried.
_PULLS = (0.0, 0.003, 0.03, 0.3)
# Above this many dimensions a map takes seconds; then only this one is made.
_WIDE, _WIDE_PULL = 512, 0.03


class ProcrustesMap:
    """A centered, scaled orthogonal map from one network's axes to another's.

    Two networks that were trained on different rows see the same images along different axes.
    The map turns, scales and shifts one cloud of rows onto the other. It is fitted on rows that
    both networks were trained on, and is the identity (times the scale) in directions in which
    these rows do not lie.

    Parameters
    ----------
    source : ndarray of shape (n_rows, n_columns)
        The rows in the axes to map from.

    target : ndarray of shape (n_rows, n_columns)
        The same rows in the axes to map to.

    channels : int or None, default=None
        Where columns are flattened feature maps, the number of their channels. The axes of
        such networks are their channels, so that the same map serves at each position.

    pull : float, default=0.0
        How strongly the map is pulled towards the identity, as a share of its largest singular
        value. Networks that start from the same trained weights stay close to each other.

    Attributes
    ----------
    scale : float
        What rows are multiplied by.

    inner, outer : ndarray of shape (n_channels, m) and (m, n_channels)
        The turn: ``rows @ inner @ outer`` is added to the scaled rows.

    shift : ndarray of shape (n_channels,)
        What is added at the end.

    Notes
    -----
    The solution of Schönemann, "A generalized solution of the orthogonal Procrustes problem"
    (doi:10.1007/BF02289451), in the subspace that the rows span: the cost follows the number of
    rows where there are fewer rows than columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.embedding.cross_fitting._procrustes_map import ProcrustesMap
    >>> source = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> target = source @ np.array([[0.0, 1.0], [-1.0, 0.0]]) * 3 + 5
    >>> bool(np.allclose(ProcrustesMap(source, target).apply(source), target))
    True
    """

    def __init__(self, source, target, channels=None, pull=0.0):
        self.pull = pull
        self._channels = source.shape[1] if channels is None else channels
        source, target = self._fold(source), self._fold(target)
        source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
        source, target = source - source_mean, target - target_mean
        with threadpool_limits(None if source.size > _THREADS_PAY else 1, user_api="blas"):
            basis = _common_basis(source, target)
            rows_from, rows_to = source @ basis, target @ basis
            turn = _nearest_rotation(rows_from.T @ rows_to, pull)
            spread = np.sum(rows_from**2)
            agreement = np.sum((rows_from @ turn) * rows_to)
            self.scale = max(0.0, agreement / spread) if spread > 0 else 0.0
            self.inner = basis
            self.outer = self.scale * (turn - np.eye(len(turn))) @ basis.T
        self.shift = target_mean - self._turned(source_mean[np.newaxis])[0]

    def apply(self, rows):
        """Map rows from the axes of the source to those of the target."""
        return (self._turned(self._fold(rows)) + self.shift).reshape(len(rows), -1)

    def _turned(self, rows):
        return self.scale * rows + (rows @ self.inner) @ self.outer

    def _fold(self, rows):
        return rows.reshape(-1, self._channels).astype(np.float64)


def fit_procrustes(source, target, train, test, channels=None):
    """Fit a ProcrustesMap on some rows, with the pull that has the lowest error on others.

    Parameters
    ----------
    source, target : ndarray of shape (n_rows, n_columns)
        Rows of two networks.

    train, test : ndarray of int
        Which rows the map is fitted on, and which ones decide about its pull.

    channels : int or None, default=None
        As in ProcrustesMap.
    """
    best, lowest = None, np.inf
    width = min(2 * len(train), source.shape[1] if channels is None else channels)
    for pull in _PULLS if width <= _WIDE else (_WIDE_PULL,):
        axes = ProcrustesMap(source[train], target[train], channels, pull)
        error = np.sum((axes.apply(source[test]) - target[test]) ** 2)
        if best is None or error < lowest:
            best, lowest = axes, error
    return best


def _common_basis(source, target):
    """Compute orthonormal axes, as columns, of the space that the rows of both span."""
    n_columns = source.shape[1]
    if n_columns <= 2 * len(source):
        return np.eye(n_columns)
    rows = np.vstack([source, target])
    _, values, axes = np.linalg.svd(rows, full_matrices=False)
    tolerance = values[0] * max(rows.shape) * np.finfo(np.float32).eps
    return axes[: max(1, int(np.sum(values > tolerance)))].T


def _nearest_rotation(product, pull):
    """Compute the orthogonal matrix closest to a cross product, pulled to the identity."""
    largest = np.linalg.norm(product, ord=2)
    # Not 0: the identity decides in directions without rows.
    aim = product + (pull + 1e-10) * (largest or 1.0) * np.eye(len(product))
    left, _, right = np.linalg.svd(aim)
    return left @ right
