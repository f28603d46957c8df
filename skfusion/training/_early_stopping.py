"""EarlyStopping: the best epoch so far, and when to stop."""

import math


class EarlyStopping:
    """Remember the weights of the epoch with the lowest loss.

    Parameters
    ----------
    is_active : bool
        If False, no weights are kept and training never stops early.

    n_iter_no_change : int
        Number of epochs without a lower loss after which to stop.

    Attributes
    ----------
    weights : list of ndarray or None
        The weights of the best epoch.

    Examples
    --------
    >>> from skfusion.training._early_stopping import EarlyStopping
    >>> stopping = EarlyStopping(True, n_iter_no_change=2)
    >>> [stopping.update(loss, lambda: [loss]) for loss in (3.0, 2.0, 2.5, 2.0)]
    [False, False, False, True]
    >>> stopping.weights
    [2.0]
    """

    def __init__(self, is_active, n_iter_no_change):
        self.is_active = is_active
        self.n_iter_no_change = n_iter_no_change
        self.weights = None
        self._lowest_loss = math.inf
        self._n_no_change = 0

    def update(self, loss, get_weights):
        """Take the watched loss of an epoch into account; return whether to stop."""
        if not self.is_active:
            return False
        if loss < self._lowest_loss:
            self._lowest_loss, self._n_no_change = loss, 0
            self.weights = get_weights()
            return False
        self._n_no_change += 1
        return self._n_no_change >= self.n_iter_no_change
