"""WindowResponse: by how much windows of an image change a prediction, and where."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# A change of up to so many times the median change is that of hiding anything, but never more
# than this part of the largest: where all of the image matters, all changes are large.
_NOISE, _MOST_NOISE = 3.0, 0.3
_STEEPNESS = 4


def make_windows(canvas, size, steps):
    """Return windows that cover the canvas, also beyond its edges.

    Parameters
    ----------
    canvas : tuple (height, width)
        The size of the canvas.

    size : tuple (height, width)
        The size of a window.

    steps : int
        In how many steps a window moves by its own size: 2 is an overlap by half.

    Returns
    -------
    windows : list of tuple (slice, slice)
        Rows and columns of the canvas.
    """
    slices = []
    for side, length in zip(canvas, size, strict=True):
        n = max(1, round(side * steps / length))
        starts = np.arange(1 - steps, n) * side / n
        ends = np.rint([starts, starts + steps * side / n]).astype(int).clip(0, side)
        slices.append([slice(start, stop) for start, stop in ends.T if stop > start])
    return [(down, across) for down in slices[0] for across in slices[1]]


@dataclass(frozen=True, eq=False)
class WindowResponse:
    """Changes of a prediction by windows.

    Parameters
    ----------
    changes : ndarray of shape (n,)
        The change of each window.

    windows : list of tuple (slice, slice)
        Rows and columns of the canvas.

    canvas : tuple (height, width)
        The size of the canvas.
    """

    changes: np.ndarray
    windows: list[Any]
    canvas: tuple[int, int]

    @property
    def largest(self):
        """float : The size of the largest change."""
        return float(np.abs(self.changes).max())

    def heat(self, noise=None):
        """Return the amount of each place: the mean change of its windows, beyond the noise."""
        sizes = np.abs(self.changes)
        if noise is None:
            noise = min(_NOISE * float(np.median(sizes)), _MOST_NOISE * float(sizes.max()))
        beyond = weaken_small(self.changes, noise)
        heat = self._signed_mean(beyond, self._trimmed_mean)
        # A single window may be all that changes the prediction.
        return heat if heat.any() else self._signed_mean(beyond, self._mean)

    def _signed_mean(self, changes, mean):
        return mean(np.maximum(changes, 0)) - mean(np.maximum(-changes, 0))

    def over(self, heat, noise=None):
        """Return an earlier heat map with the amounts of these windows where they are."""
        return np.where(self._sum(np.ones(len(self.changes))) > 0, self.heat(noise), heat)

    def _sum(self, values):
        total = np.zeros(self.canvas)
        for value, window in zip(values, self.windows, strict=True):
            total[window] += value
        return total

    def _mean(self, sizes):
        return self._sum(sizes) / np.maximum(self._sum(np.ones(len(sizes))), 1)

    def _trimmed_mean(self, sizes):
        """Return the mean of the sizes at each place, without the largest one.

        A window that touches a region from outside changes the prediction too. Without the
        largest change, a place belongs to the region only if most of its windows touch it.
        """
        largest = np.zeros(self.canvas)
        for size, window in zip(sizes, self.windows, strict=True):
            np.maximum(largest[window], size, out=largest[window])
        total, count = self._sum(sizes), self._sum(np.ones(len(sizes)))
        return np.where(count <= 1, total, (total - largest) / np.maximum(count - 1, 1))


def weaken_small(amounts, limit):
    """Return signed amounts of which those below a limit are much smaller, in the same order."""
    if limit <= 0:
        return amounts
    ratio = np.minimum(np.abs(amounts) / limit, 100) ** _STEEPNESS
    return amounts * (ratio / (ratio + 1))
