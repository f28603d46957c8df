"""Render a Comparison as an HTML page."""

import itertools

import numpy as np

from skfusion.reports.comparison._comparison_words import (
    SOURCES,
    describe_interval,
    describe_rows,
    describe_seconds,
    list_limits,
    make_format,
)
from skfusion.reports.html._page import make_environment

_NUMBERS = ["mean", "low", "high"]


def render_page(comparison):
    """Render a Comparison as a whole HTML page, without scripts; all text is escaped."""
    template = make_environment().get_template("comparison_page.html.jinja")
    return template.render(**_context(comparison))


def render_fragment(comparison):
    """Render a Comparison as a part of a page, for notebooks."""
    template = make_environment().get_template("comparison.html.jinja")
    return template.render(**_context(comparison))


def _context(comparison):
    differences = comparison.differences
    of_reference = differences.loc[comparison.reference].rename(columns={"difference": "mean"})
    score_ends, difference_ends = _find_ends(comparison.scores), _find_ends(of_reference, zero=True)
    show, show_difference = make_format(comparison.scores[_NUMBERS]), _make_signed(differences)
    others = [name for name in comparison.scores.index if name != comparison.reference]
    return {
        "report": comparison,
        "rows_line": describe_rows(comparison.protocol),
        "verdict": comparison.verdict.splitlines(),
        "scores": [
            {
                **_line(name, line, score_ends, show),
                "is_reference": name == comparison.reference,
                "sources": SOURCES[line["sources"]],
                "fit": describe_seconds(line["fit_seconds"]),
                "predict": describe_seconds(line["predict_milliseconds"] / 1000),
            }
            for name, line in comparison.scores.iterrows()
        ],
        "differences": [
            {**_line(name, line, difference_ends, show_difference), "p_value": line["p_value"]}
            for name, line in of_reference.iterrows()
        ],
        "pairs": [
            _pair(first, second, differences.loc[(first, second)], show_difference)
            for first, second in itertools.combinations(others, 2)
        ],
        "splits": [
            (number, [show(value) for value in line])
            for number, line in comparison.split_scores.iterrows()
        ],
        "score_ends": [show(end) for end in score_ends],
        "difference_ends": [show_difference(end) for end in difference_ends],
        "limits": list_limits(comparison.protocol),
    }


def _find_ends(table, zero=False):
    """Return the lowest and the highest number of all intervals, and of 0 where it counts."""
    values = np.append(table[_NUMBERS].to_numpy(dtype=float), 0.0 if zero else [])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _make_signed(differences):
    """Return a function that formats differences with their sign."""
    show = make_format(differences[["difference", "low", "high"]])
    return lambda value: show(value, "+").replace("-", "−")


def _line(name, line, ends, show):
    """Return a line of a table with the places of its mean and interval."""
    low, high = ends

    def place(value):
        return round(100 * (value - low) / (high - low), 2)

    is_known = not np.isnan(line["low"])
    return {
        "name": name,
        "mean": show(line["mean"]),
        "interval": describe_interval(line, show),
        "bar": {
            "mean": place(line["mean"]),
            "left": place(line["low"]) if is_known else None,
            "width": round(place(line["high"]) - place(line["low"]), 2) if is_known else None,
            "zero": place(0.0) if low <= 0 <= high and "p_value" in line else None,
        },
    }


def _pair(first, second, line, show):
    numbers = {"mean": show(line["difference"]), "p_value": line["p_value"]}
    return {"first": first, "second": second, **numbers, "interval": describe_interval(line, show)}
