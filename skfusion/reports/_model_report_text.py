"""Render a ModelReport as text."""

import numpy as np

from skfusion.reports._clean_text import clean_text
from skfusion.reports._model_report_words import (
    describe_model_line,
    describe_protocol,
    describe_timings,
    format_label,
    format_number,
    name_of_score,
)

_COLUMNS_SHOWN = 5
_CLASSES_SHOWN = 12
_LONGEST = 100


def render_text(report):
    """Render a ModelReport as lines of text.

    Parameters
    ----------
    report : ModelReport
        The data.

    Returns
    -------
    text : str
        Scores, confusion or residuals, sources, explained rows, drift, timings and limits.
    """
    parts = [
        [_clean(report.title), describe_model_line(report.model)],
        _scores(report),
        _confusion(report),
        _residuals(report),
        _sources(report),
        _rows(report),
        _drift(report),
        _run(report),
        ["Limits", *(f"  - {one}" for one in report.limits)],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _scores(report):
    if report.scores is None:
        return []
    lines = [f"Scores: {describe_protocol(report.protocol)}"]
    for name, line in report.scores.iterrows():
        low, high = format_number(line["low"]), format_number(line["high"])
        ends = "" if np.isnan(line["low"]) else f"[{low}, {high}]"
        constant = f"constant {format_number(line['constant'])}"
        lines.append(
            f"  {name_of_score(name):<26}{format_number(line['value']):>8}  {ends:<20}{constant}"
        )
    return lines


def _confusion(report):
    table = report.confusion
    if table is None or len(table) > _CLASSES_SHOWN:
        return []
    labels = [_clean(format_label(label)) for label in table.index]
    width = max(6, *(len(str(count)) + 2 for count in table.to_numpy().ravel()))
    names = max(map(len, labels))
    lines = ["Confusion: a line per actual class, a column per predicted class, in the same order"]
    for label, counts in zip(labels, table.to_numpy(), strict=True):
        lines.append(f"  {label:<{names}}" + "".join(f"{count:>{width}}" for count in counts))
    return lines


def _residuals(report):
    if report.residuals is None:
        return []
    values = report.residuals["residual"].quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    shown = ", ".join(f"{share:.0%} {format_number(value)}" for share, value in values.items())
    return ["Residuals: target minus prediction", f"  quantiles  {shown}"]


def _sources(report):
    if report.sources is None:
        return []
    lines = ["Sources: mean absolute share of the prediction, over explained rows"]
    for name, line in report.sources.iterrows():
        error = f"± {format_number(line['standard_error'])}"
        lines.append(
            f"  {_clean(name):<26}{format_number(line['share']):>8}  {error:<12}{line['part']:.0%}"
        )
    return lines


def _rows(report):
    lines = ["Rows"] if report.explanations else []
    for one in report.explanations:
        actual = "" if one.y is None else f", actual {_clean(format_label(one.y))}"
        predicted = _clean(format_label(one.predicted))
        lines.append(f"  row {one.row} ({one.reason}): predicted {predicted}{actual}")
        shares = [f"{_clean(name)} {value:+.3g}" for name, value in one.sources.items()]
        total = f"{_clean(one.output)} {format_number(one.prediction)}"
        lines.append(f"    {total} = mean {format_number(one.base_value)}, {', '.join(shares)}")
        strongest = one.table.head(_COLUMNS_SHOWN)
        if len(strongest) > 1:
            shown = ", ".join(f"{_clean(name)} {value:+.3g}" for name, value in strongest.items())
            lines.append(f"    of the table: {shown}")
    return lines


def _drift(report):
    if report.drift.empty:
        return []
    differs = report.drift[report.drift["differs"]]
    lines = [f"Drift: {len(differs)} of {len(report.drift)} comparisons with training differ"]
    for line in differs.itertuples():
        texts = f"{line.here} (training {line.training})" if line.training else line.here
        lines.append(f"  {_clean(line.column)}, {line.what}: {_clean(texts)}")
    return lines


def _run(report):
    timings = ", ".join(f"{name} {text}" for name, text in describe_timings(report.timings))
    versions = ", ".join(f"{name} {text}" for name, text in report.versions.items())
    return [f"Timings: {timings}", f"Versions: {versions}"]


def _clean(text):
    return clean_text(text, _LONGEST)
