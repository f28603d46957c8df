"""Render an AuditReport as an HTML page through Jinja2."""

from skfusion.reports.audit._audit_text import describe_protocol, describe_result, describe_rows
from skfusion.reports.html._page import make_environment

_PAIRS_SHOWN = 50


def render_audit_page(report):
    """Render an AuditReport as a whole HTML page.

    Parameters
    ----------
    report : AuditReport
        The data.

    Returns
    -------
    html : str
        The page: without scripts, and with all images and styles in it. All text is escaped.
    """
    return make_environment().get_template("audit_page.html.jinja").render(**_context(report))


def render_audit_fragment(report):
    """Render an AuditReport as a part of a page, for notebooks."""
    return make_environment().get_template("audit.html.jinja").render(**_context(report))


def _context(report):
    n_rows = report.protocol["n_rows"]
    return {
        "report": report,
        "protocol_line": describe_protocol(report.protocol),
        "result_line": describe_result(report),
        "findings": [
            {**line, "shown": describe_rows(line["rows"]) if len(line["rows"]) < n_rows else "all"}
            for line in report.findings.to_dict("records")
        ],
        "pairs": report.pairs.head(_PAIRS_SHOWN).to_dict("records"),
    }
