"""Render a ModelReport as an HTML page through Jinja2."""

import numpy as np

from skfusion.exceptions import ExtraNotFoundError
from skfusion.images._failures import shorten
from skfusion.reports._model_report_words import (
    describe_model_line,
    describe_protocol,
    describe_timings,
    format_label,
    format_number,
    meaning_of_score,
    name_of_score,
)
from skfusion.reports.html._report_charts import calibration_chart, residual_chart

# Larger confusions are shown as a list of the most frequent ones.
_MOST_CLASSES = 12
_MOST_LINES = 20
_LONGEST = 120


def render_page(report):
    """Render a ModelReport as a whole HTML page.

    Parameters
    ----------
    report : ModelReport
        The data.

    Returns
    -------
    html : str
        The page: without scripts, and with all images and styles in it. All text is escaped.
    """
    return make_environment().get_template("page.html.jinja").render(**_context(report))


def render_fragment(report):
    """Render a ModelReport as a part of a page, for notebooks."""
    return make_environment().get_template("fragment.html.jinja").render(**_context(report))


def make_environment():
    """Return the environment of the templates; ExtraNotFoundError without Jinja2."""
    try:
        import jinja2
    except ImportError as error:
        raise ExtraNotFoundError(
            "An HTML report needs Jinja2. Install it with pip install 'skfusion[report]', or print "
            "the report as text."
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("skfusion.reports.html", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "number": format_number,
        "label": format_label,
        "signed": _signed,
        "short": _short,
        "is_nan": np.isnan,
    }
    return environment


def _context(report):
    confusion = report.confusion
    return {
        "report": report,
        "model_line": describe_model_line(report.model),
        "protocol_line": None if report.scores is None else describe_protocol(report.protocol),
        "scores": _scores(report),
        "confusion": None if confusion is None else _confusion(confusion),
        "residual_quantiles": _quantiles(report.residuals),
        "calibration_chart": calibration_chart(report),
        "residual_chart": residual_chart(report),
        "rows": [_row(one) for one in report.explanations],
        "timings": describe_timings(report.timings),
        "n_differs": int(report.drift["differs"].sum()),
    }


def _scores(report):
    if report.scores is None:
        return []
    classes = report.model["classes"]
    return [
        {"name": name_of_score(name), "meaning": meaning_of_score(name, classes), **line}
        for name, line in report.scores.to_dict("index").items()
    ]


def _confusion(table):
    """Return the labels and counts of a small table, or the most frequent confusions."""
    counts, labels = table.to_numpy(), list(table.index)
    if len(labels) <= _MOST_CLASSES:
        totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return {"labels": labels, "counts": counts.tolist(), "shares": (counts / totals).tolist()}
    wrong = counts * (1 - np.eye(len(labels), dtype=int))
    order = np.argsort(wrong, axis=None, kind="stable")[::-1][:_MOST_LINES]
    places = [np.unravel_index(place, wrong.shape) for place in order]
    lines = [(labels[i], labels[j], int(wrong[i, j])) for i, j in places if wrong[i, j]]
    return {"labels": labels, "lines": lines, "n_wrong": int(wrong.sum())}


def _quantiles(residuals):
    if residuals is None:
        return []
    values = residuals["residual"].quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    return [(f"{share:.0%}", value) for share, value in values.items()]


def _row(one):
    """Return an explained row with the widths of its bars, in percent of the largest share."""
    shares = {
        "sources": list(one.sources.items()),
        "table": list(one.table.items())[:_MOST_LINES] if len(one.table) > 1 else [],
    }
    values = [abs(value) for lines in shares.values() for _, value in lines]
    largest = max(values, default=0) or 1.0
    with_bars = {
        name: [(label, value, min(100 * abs(value) / largest, 100)) for label, value in lines]
        for name, lines in shares.items()
    }
    return {"one": one, "n_others": max(0, len(one.table) - _MOST_LINES), **with_bars}


def _signed(value):
    """Return a number with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{format_number(abs(value))}"


def _short(text, length=_LONGEST):
    return shorten(str(text), length)
