"""Render an AuditReport as text."""

import textwrap

from skfusion.reports._clean_text import clean_text

_PAIRS_SHOWN = 10
_ROWS_SHOWN = 8
_LONGEST = 400
_WIDTH = 88


def render_text(report):
    """Render an AuditReport as lines of text.

    Parameters
    ----------
    report : AuditReport
        The data.

    Returns
    -------
    text : str
        Findings by severity, the price of leaks, and pairs of rows.
    """
    parts = [[describe_protocol(report.protocol), describe_result(report)]]
    parts += [_findings(report, name) for name in ("grave", "minor", "note")]
    parts += [_price(report), _pairs(report)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def describe_protocol(protocol):
    """Return what was audited, in a sentence."""
    groups = protocol["n_groups"]
    given = "no groups were given" if groups is None else f"{groups} groups were given"
    score = protocol["score"]
    shown = "" if score is None else f"; {protocol['score_name']} {score:.3f} out of fold"
    return (
        f"Audit of {protocol['n_rows']} rows with {protocol['n_images']} distinct images in "
        f"{protocol['n_folds']} folds; {given}{shown}."
    )


def describe_result(report):
    """Return how many findings there are, in a sentence."""
    n_grave = int((report.findings["severity"] == "grave").sum())
    if not n_grave:
        return "Nothing grave was found."
    are = "finding is" if n_grave == 1 else "findings are"
    return f"{n_grave} {are} grave: a score of these folds is not to be trusted."


def describe_rows(rows):
    """Return the first few rows, as text."""
    shown = ", ".join(map(str, rows[:_ROWS_SHOWN]))
    return shown + (f" and {len(rows) - _ROWS_SHOWN} more" if len(rows) > _ROWS_SHOWN else "")


def _findings(report, severity):
    some = report.findings[report.findings["severity"] == severity]
    lines = [severity.capitalize()] if len(some) else []
    for line in some.itertuples():
        lines.append(f"  {line.kind}: {_clean(line.subject)}" if line.subject else f"  {line.kind}")
        lines += _wrapped(line.evidence)
        if 0 < len(line.rows) < report.protocol["n_rows"]:
            lines += _wrapped(f"rows {describe_rows(line.rows)}")
        lines += _wrapped(f"-> {line.remedy}")
    return lines


def _price(report):
    if report.price.empty:
        return []
    return ["Price", *(f"  {_clean(one)}" for one in report.price["sentence"])]


def _pairs(report):
    if report.pairs.empty:
        return []
    lines = [f"Pairs of rows with the same image: {len(report.pairs)}"]
    for line in report.pairs.head(_PAIRS_SHOWN).itertuples():
        crosses = ", in two folds" if line.crosses else ""
        lines.append(
            f"  rows {line.row_a} and {line.row_b}: {line.kind} ({line.similarity:.2f}){crosses}"
        )
    more = len(report.pairs) - _PAIRS_SHOWN
    return lines + ([f"  and {more} more"] if more > 0 else [])


def _wrapped(text):
    indent = " " * 4
    return textwrap.wrap(_clean(text), _WIDTH, initial_indent=indent, subsequent_indent=indent)


def _clean(text):
    return clean_text(text, _LONGEST)
