"""LearningRateSchedule: how the learning rate rises and falls in a training stage."""

import math

_PLATEAU_FACTOR = 0.3


class LearningRateSchedule:
    """The learning rate of each step.

    Parameters
    ----------
    peak : float
        The learning rate after the warmup.

    kind : {"constant", "cosine", "plateau"}
        "cosine" falls to 0 with the last step along half a cosine; "plateau" falls to 0.3 times
        its value whenever the watched loss has not fallen for `patience` epochs.

    warmup_steps : int
        Steps in which the rate rises linearly.

    steps : int
        Maximum number of steps.

    patience : int
        Number of epochs of a plateau.

    Notes
    -----
    The cosine schedule follows Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
    Restarts" (arXiv:1608.03983), without restarts.

    Examples
    --------
    >>> from skfusion.training._learning_rate_schedule import LearningRateSchedule
    >>> schedule = LearningRateSchedule(0.1, kind="cosine", warmup_steps=2, steps=6, patience=5)
    >>> [round(schedule.at(step), 3) for step in range(6)]
    [0.05, 0.1, 0.1, 0.085, 0.05, 0.015]
    """

    def __init__(self, peak, *, kind, warmup_steps, steps, patience):
        self.peak = peak
        self.kind = kind
        self.warmup_steps = warmup_steps
        self.steps = steps
        self.patience = patience
        self._lowest_loss = math.inf
        self._n_no_change = 0

    def at(self, step):
        """Return the learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.peak * (step + 1) / self.warmup_steps
        if self.kind != "cosine":
            return self.peak
        fraction = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.peak * 0.5 * (1 + math.cos(math.pi * min(1.0, fraction)))

    def update(self, loss):
        """Take the watched loss of an epoch into account."""
        if loss < self._lowest_loss:
            self._lowest_loss, self._n_no_change = loss, 0
            return
        self._n_no_change += 1
        if self.kind == "plateau" and self._n_no_change >= self.patience:
            self.peak *= _PLATEAU_FACTOR
            self._n_no_change = 0
