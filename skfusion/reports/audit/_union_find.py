"""Join rows that belong together into groups."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def join_rows(n_rows, keys=(), pairs=()):
    """Return the groups of rows that share a key or are a pair, directly or through others.

    Parameters
    ----------
    n_rows : int
        The number of rows.

    keys : sequence of ndarray of shape (n_rows,)
        Rows with equal numbers belong together; rows with -1 to none.

    pairs : sequence of tuple (int, int)
        Pairs of rows.

    Returns
    -------
    groups : ndarray of int of shape (n_rows,)
        Numbers from 0, in the order of the first rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.reports.audit._union_find import join_rows
    >>> join_rows(5, [np.array([7, -1, 7, -1, 3])], [(3, 2)]).tolist()
    [0, 1, 0, 0, 2]
    """
    first, second = [], []
    for key in keys:
        order = np.argsort(key, kind="stable")
        same = (key[order][1:] == key[order][:-1]) & (key[order][1:] >= 0)
        first += order[:-1][same].tolist()
        second += order[1:][same].tolist()
    first += [pair[0] for pair in pairs]
    second += [pair[1] for pair in pairs]
    graph = coo_matrix((np.ones(len(first)), (first, second)), shape=(n_rows, n_rows))
    labels = connected_components(graph, directed=False)[1]
    starts, codes = np.unique(labels, return_index=True)[1], np.unique(labels, return_inverse=True)
    return np.argsort(np.argsort(starts))[codes[1]]
