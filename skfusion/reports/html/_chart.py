"""Chart: a figure with two axes, as coordinates that a template draws in SVG."""

from dataclasses import dataclass, field

import numpy as np

# The drawing area in the units of the figure, and the space for ticks and labels.
WIDTH, HEIGHT = 420, 320
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 12, 48
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 5


class Axis:
    """An axis that turns values into coordinates.

    Parameters
    ----------
    low, high : float
        The ends of the values.

    start, stop : float
        The coordinates of both ends.

    Examples
    --------
    >>> from skfusion.reports.html._chart import Axis
    >>> axis = Axis(0.0, 1.0, 0, 100)
    >>> float(axis.place(0.25)), axis.ticks[:2]
    (25.0, [(0.0, '0'), (20.0, '0.2')])
    """

    def __init__(self, low, high, start, stop):
        if high <= low:
            margin = abs(low) * 0.1 or 1.0
            low, high = low - margin, high + margin
        self.low, self.high, self.start, self.stop = low, high, start, stop

    def place(self, values):
        """Return the coordinates of values."""
        share = (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    @property
    def ticks(self):
        """list of tuple (float, str) : The coordinates and texts of round values."""
        rough = (self.high - self.low) / _TICKS
        power = 10.0 ** np.floor(np.log10(rough))
        step = power * next(factor for factor in _STEPS if factor * power >= rough * 0.999)
        first = int(np.ceil(self.low / step - 1e-9))
        last = int(np.floor(self.high / step + 1e-9))
        values = [number * step for number in range(first, last + 1)]
        return [(float(self.place(value)), f"{value:.6g}") for value in values]


@dataclass
class Chart:
    """A figure with two axes.

    Parameters
    ----------
    title, description : str
        What the figure shows, for readers who do not see it.

    x_label, y_label : str
        The labels of the axes, with units.

    x, y : Axis
        The axes.

    points : list of tuple (x, y, text)
        Coordinates of dots, and what each one is.

    bars : list of tuple (x, low, high)
        Coordinates of vertical intervals.

    lines : list of tuple (x1, y1, x2, y2)
        Coordinates of lines for reference.
    """

    title: str
    description: str
    x_label: str
    y_label: str
    x: Axis
    y: Axis
    points: list[tuple[float, float, str]] = field(default_factory=list)
    bars: list[tuple[float, float, float]] = field(default_factory=list)
    lines: list[tuple[float, float, float, float]] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def x_axis(low, high):
    """Return a horizontal axis."""
    return Axis(low, high, LEFT, WIDTH - RIGHT)


def y_axis(low, high):
    """Return a vertical axis."""
    return Axis(low, high, HEIGHT - BOTTOM, TOP)
