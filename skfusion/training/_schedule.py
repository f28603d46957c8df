"""LearningRate: how the learning rate rises and falls in a training stage."""

import math

_PLATEAU_FACTOR = 0.3


class LearningRate:
    """The learning rate of each step.

    Parameters
    ----------
    highest : float
        The rate after the warm-up.

    schedule : {"constant", "cosine", "plateau"}
        "cosine" falls to 0 with the last step along half a cosine; "plateau" falls to 0.3 times
        its value whenever the watched loss has not become lower for `patience` epochs.

    warm_up : int
        Steps in which the rate rises along a line.

    steps : int
        All steps that there can be.

    patience : int
        Epochs of a plateau.

    Notes
    -----
    The cosine is that of Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
    Restarts" (arXiv 1608.03983), without restarts.

    Examples
    --------
    >>> from skfusion.training._schedule import LearningRate
    >>> rate = LearningRate(0.1, schedule="cosine", warm_up=2, steps=6, patience=5)
    >>> [round(rate.at(step), 3) for step in range(6)]
    [0.05, 0.1, 0.1, 0.085, 0.05, 0.015]
    """

    def __init__(self, highest, *, schedule, warm_up, steps, patience):
        self.highest = highest
        self.schedule = schedule
        self.warm_up = warm_up
        self.steps = steps
        self.patience = patience
        self._lowest_loss = math.inf
        self._waited = 0

    def at(self, step):
        """The rate of a step, counted from 0."""
        if step < self.warm_up:
            return self.highest * (step + 1) / self.warm_up
        if self.schedule != "cosine":
            return self.highest
        share = (step - self.warm_up) / max(1, self.steps - self.warm_up)
        return self.highest * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))

    def after_epoch(self, loss):
        """Look at the watched loss of an epoch."""
        if loss < self._lowest_loss:
            self._lowest_loss, self._waited = loss, 0
            return
        self._waited += 1
        if self.schedule == "plateau" and self._waited >= self.patience:
            self.highest *= _PLATEAU_FACTOR
            self._waited = 0
