"""Compare columns of the table with those that a model was fitted on."""

import numpy as np

from skfusion.reports.drift._column_facts import ColumnFacts, category_text
from skfusion.reports.drift._drift_line import ERRORS, DriftLine, share_rises

# A mean that moves by less than this many standard deviations is as it was.
_SHIFT = 0.25
# So many values outside the range or the categories of fit are chance.
_MARGIN = 0.05


def table_drift(column, training):
    """Compare a column of the table with that of `fit`.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        The values.

    training : ColumnFacts
        What is known of the column in `fit`.

    Returns
    -------
    lines : list of DriftLine
        Those of the mean, the range, the categories and the missing values that can be compared.
    """
    here = ColumnFacts.of_cells(column)
    lines = []
    if training.mean is not None and here.mean is not None:
        lines.append(_compare_means(training, here))
    if training.low is not None and here.mean is not None:
        lines.append(_compare_ranges(training, here, column.dropna().to_numpy(dtype=float)))
    if training.categories is not None:
        lines.append(_compare_categories(training, column.dropna().map(category_text)))
    if training.missing_share is not None:
        lines.append(_compare_missing(training, here))
    return lines


def _compare_means(training, here):
    deviation = training.deviation
    moved = abs(here.mean - training.mean)
    shift = moved / deviation if deviation else (np.inf if moved else 0.0)
    error = np.sqrt(1 / here.n_rows + 1 / training.n_rows)
    texts = (
        f"{training.mean:.4g} (standard deviation {deviation:.3g})",
        f"{here.mean:.4g} (standard deviation {here.deviation:.3g})",
    )
    differs = bool(shift > _SHIFT and shift > ERRORS * error)
    return DriftLine(training.name, "mean", *texts, float(shift), differs)


def _compare_ranges(training, here, values):
    outside = float(((values < training.low) | (values > training.high)).mean())
    texts = [f"{facts.low:.4g} to {facts.high:.4g}" for facts in (training, here)]
    return DriftLine(training.name, "range", *texts, outside, outside > _MARGIN)


def _compare_categories(training, values):
    new = values[~values.isin(training.categories)]
    share = len(new) / max(len(values), 1)
    distinct = new.unique()
    here = f"{len(distinct)} new" + (f": {_some(sorted(distinct))}" if len(distinct) else "")
    text = f"{len(training.categories)}: {_some(sorted(training.categories))}"
    return DriftLine(training.name, "values", text, here, share, share > _MARGIN)


def _compare_missing(training, here):
    shares = training.missing_share, here.missing_share
    differs = share_rises(shares[0], training.n_rows, shares[1], here.n_rows)
    texts = [f"{share:.1%} of rows" for share in shares]
    return DriftLine(training.name, "missing", *texts, shares[1] - shares[0], differs)


def _some(values, count=5, length=30):
    """Return the first values as text, each of limited length."""
    shown = [value if len(value) <= length else f"{value[: length - 3]}..." for value in values]
    return ", ".join(shown[:count]) + (", ..." if len(shown) > count else "")
