"""Render a Comparison as text."""

import textwrap

from skfusion.reports._clean_text import clean_text
from skfusion.reports._model_report_words import format_number
from skfusion.reports.comparison._comparison_words import (
    SOURCES,
    describe_interval,
    describe_rows,
    describe_seconds,
    list_limits,
    make_format,
)

_LONGEST, _WIDTH = 40, 98
_NUMBERS = ["mean", "low", "high"]


def render_text(comparison):
    """Render a Comparison as lines of text.

    Parameters
    ----------
    comparison : Comparison
        The data.

    Returns
    -------
    text : str
        The verdict, the scores with their costs, the differences and the limits.
    """
    parts = [
        [comparison.title, f"{describe_rows(comparison.protocol)}."],
        ["Verdict", *map(_wrap, comparison.verdict.splitlines())],
        _scores(comparison.scores),
        _differences(comparison),
        ["Limits", *map(_wrap, list_limits(comparison.protocol))],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def _scores(scores):
    names, show = [_clean(name) for name in scores.index], make_format(scores[_NUMBERS])
    width = max(map(len, names))
    head = f"{'mean':>9}  {'95 % interval':<18}{'fit':>10}{'a row':>10}  sources"
    lines = ["Scores", f"  {'':<{width}}{head}"]
    for name, (_, line) in zip(names, scores.iterrows(), strict=True):
        row = describe_seconds(line["predict_milliseconds"] / 1000)
        lines.append(
            f"  {name:<{width}}{show(line['mean']):>9}  {describe_interval(line, show):<18}"
            f"{describe_seconds(line['fit_seconds']):>10}{row:>10}  {SOURCES[line['sources']]}"
        )
    return lines


def _differences(comparison):
    table = comparison.differences.loc[comparison.reference]
    names, show = [_clean(name) for name in table.index], make_format(table.drop(columns="p_value"))
    width = max(map(len, names))
    lines = [f"Differences: {_clean(comparison.reference)} minus"]
    for name, (_, line) in zip(names, table.iterrows(), strict=True):
        numbers = f"{show(line['difference'], '+'):>9}  {describe_interval(line, show):<18}"
        lines.append(f"  {name:<{width}}{numbers}p = {format_number(line['p_value'])}")
    return lines


def _wrap(line):
    return textwrap.fill(line, _WIDTH, initial_indent="  - ", subsequent_indent="    ")


def _clean(text):
    return clean_text(text, _LONGEST)
