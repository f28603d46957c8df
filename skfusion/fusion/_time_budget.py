"""TimeBudget: which candidates the time of a fit allows."""

import time

import numpy as np

# The share of the time that candidates may use; the rest is for their comparison, and for what the
# first fold says wrongly of the others.
_SHARE = 0.7


class TimeBudget:
    """Decide which candidates are fitted, from what they took on the first fold.

    Parameters
    ----------
    max_time : float or None
        Seconds for the whole fit; None does not limit it.

    Examples
    --------
    >>> from skfusion.fusion._time_budget import find_affordable
    >>> find_affordable({"linear": 0.1, "forest": 2.0}, ["linear"], left=5.0, n_fits=5)
    ['linear']
    """

    def __init__(self, max_time):
        self.max_time = max_time
        self._start = time.perf_counter()

    @property
    def left(self):
        """float : The seconds that candidates may still use."""
        return self._left(_SHARE)

    @property
    def rest(self):
        """float : The seconds until the end."""
        return self._left(1.0)

    def _left(self, share):
        if self.max_time is None:
            return np.inf
        return share * self.max_time - (time.perf_counter() - self._start)

    def deadline(self, n_fits):
        """Return the time after which no candidate is started in the first of several fits."""
        return time.perf_counter() + max(self.left, 0.0) / n_fits


def find_affordable(seconds, needed, left, n_fits):
    """Return the candidates that fit into the time that is left, the quick ones first.

    Parameters
    ----------
    seconds : dict of str to float
        The time of each candidate in one fit.

    needed : list of str
        The candidates that are kept whatever they take.

    left : float
        Seconds.

    n_fits : float
        How many fits follow, in units of the first one.
    """
    kept = [name for name in seconds if name in needed]
    total = sum(seconds[name] for name in kept)
    for name in sorted(seconds, key=seconds.get):
        if name not in kept and (total + seconds[name]) * n_fits <= left:
            kept.append(name)
            total += seconds[name]
    return kept
