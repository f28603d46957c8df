"""DriftLine: one comparison of rows with those of fit."""

from typing import NamedTuple

import numpy as np

# A share that rises by less than this part, or by less than this many standard errors, is chance.
_MARGIN, ERRORS = 0.2, 3.5


class DriftLine(NamedTuple):
    """One comparison of a column with that of `fit`.

    Parameters
    ----------
    column : str
        The column.

    what : str
        What is compared: "missing", "size", "channels", "unreadable", "content", "mean", "range" or
        "values".

    training, here : str
        What it is in the training data and in these rows.

    shift : float or None
        The difference: of a mean, in standard deviations of the training data; else a share of
        rows.

    differs : bool
        Whether the difference is large, and larger than chance explains.
    """

    column: str
    what: str
    training: str
    here: str
    shift: float | None
    differs: bool


def share_rises(training, n_training, here, n_here):
    """Return whether a share of rows is higher than in the training data, by more than chance."""
    rise = here - training
    pooled = (here * n_here + training * n_training) / (n_here + n_training)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n_here + 1 / n_training))
    return bool(rise > _MARGIN and rise > ERRORS * error)
