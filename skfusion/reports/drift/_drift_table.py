"""Compare all columns of rows with those that a model was fitted on."""

import pandas as pd

from skfusion.reports.drift._column_facts import ColumnFacts
from skfusion.reports.drift._content_drift import content_drift
from skfusion.reports.drift._drift_line import DriftLine
from skfusion.reports.drift._fitted_facts import fitted_facts
from skfusion.reports.drift._image_drift import image_drift
from skfusion.reports.drift._table_drift import table_drift


def drift_table(model, rows, background=None):
    """Compare the columns that a model uses with those of its training data.

    Parameters
    ----------
    model : estimator
        The fitted model.

    rows : ReportRows
        The rows.

    background : DataFrame, default=None
        Rows of the training data; None compares with what the model recorded in `fit`.

    Returns
    -------
    drift : DataFrame
        A line per comparison, with the columns of DriftLine. A column of which nothing is known
        has no line.
    """
    lines = []
    for source in rows.sources:
        lines += image_drift(source, rows.table, background)
        if background is not None:
            lines += content_drift(source, rows.table, background)
    facts = fitted_facts(model) if background is None else {}
    for name in rows.table_columns:
        if background is not None and name in background.columns:
            facts[name] = ColumnFacts.of_cells(background[name])
        if name in facts:
            lines += table_drift(rows.table[name], facts[name])
    return pd.DataFrame(lines, columns=list(DriftLine._fields))
