"""The parts of dates in a graph, as DateEncoder computes them."""

import numpy as np

from skfusion.serving.graph._graph_builder import DOUBLE, INT64

_DAY = 86_400.0
_YEAR = 365.25  # as in DateEncoder
# Days from 0000-03-01 to 1970-01-01, and days of four centuries: a year that begins in March has
# its odd day at its end.
_TO_1970, _ERA = 719_468, 146_097


def date_parts(g, seconds):
    """Return years since 1970, sine and cosine of the time of the year, and the weekday.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    seconds : str
        Seconds since 1970, as float64 of shape (rows, 1).
    """
    days = g.op("Div", seconds, _DAY)
    years = g.op("Div", days, _YEAR)
    whole = g.op("Where", g.op("IsNaN", seconds), 0.0, g.op("Floor", days))
    day = _day_of_year(g, g.cast(whole, INT64))
    angle = g.op("Mul", g.cast(day, DOUBLE), float(2 * np.pi / _YEAR))
    weekday = g.cast(g.op("Mod", g.op("Add", g.cast(whole, INT64), 3), 7), DOUBLE)
    return g.concat([years, g.op("Sin", angle), g.op("Cos", angle), weekday])


def _day_of_year(g, days):
    """Return the day of the year, from 0, in whole numbers: a graph has no calendar."""
    shifted = g.op("Add", days, _TO_1970)
    of_era = g.op("Mod", shifted, _ERA)
    year = g.op("Sub", of_era, g.op("Div", of_era, 1460))
    year = g.op("Add", year, g.op("Div", of_era, 36_524))
    year = g.op("Div", g.op("Sub", year, g.op("Div", of_era, 146_096)), 365)
    leaps = g.op("Sub", g.op("Div", year, 4), g.op("Div", year, 100))
    since_march = g.op("Sub", of_era, g.op("Add", g.op("Mul", year, 365), leaps))
    # January and February end the year that began in March: 306 days before them.
    is_new_year = g.op("GreaterOrEqual", since_march, 306)
    civil = g.op("Mod", g.op("Add", year, g.op("Where", is_new_year, 1, 0)), 400)
    is_leap = g.op(
        "And",
        g.op("Equal", g.op("Mod", civil, 4), 0),
        g.op("Or", g.op("Not", g.op("Equal", g.op("Mod", civil, 100), 0)), g.op("Equal", civil, 0)),
    )
    march = g.op("Where", is_leap, 60, 59)
    return g.op(
        "Where",
        is_new_year,
        g.op("Sub", since_march, 306),
        g.op("Add", since_march, march),
    )
