"""Render an ImageReport as HTML, for notebooks."""

from html import escape

from skfusion.reports._summaries import count_values, describe_place, describe_sizes, printable

_ROWS_SHOWN = 10


def render_html(report):
    """Render an ImageReport as tables.

    Parameters
    ----------
    report : ImageReport
        The data.

    Returns
    -------
    html : str
        Without scripts and styles; all text is escaped.
    """
    parts = [_columns(report)]
    if report.n_broken:
        lines = [
            (describe_place(report, one), printable(one["source"]), one["reason"])
            for _, one in report.broken.head(_ROWS_SHOWN).iterrows()
        ]
        title = f"Broken: {report.n_broken}"
        parts.append(_table(title, ("row", "source", "reason"), lines, report.n_broken))
    groups = report.duplicates
    if groups:
        lines = [_duplicates(report, group) for group in groups[:_ROWS_SHOWN]]
        parts.append(_table("Duplicates", ("images", "rows"), lines, len(groups)))
    if report.advice:
        items = "".join(f"<li>{escape(one)}</li>" for one in report.advice)
        parts.append(f"<p><strong>What to do</strong></p><ul>{items}</ul>")
    return f"<div>{''.join(parts)}</div>"


def _columns(report):
    lines = []
    for name in report.rows["column"].unique():
        rows = report.rows[report.rows["column"] == name]
        ok = rows[rows["status"] == "ok"]
        counts = [int((rows["status"] == status).sum()) for status in ("ok", "missing", "broken")]
        sizes = describe_sizes(ok) if len(ok) else ""
        lines.append((name, *counts, sizes, count_values(ok["format"]), count_values(ok["mode"])))
    head = ("column", "ok", "missing", "broken", "height x width", "format", "mode")
    return _table("Images", head, lines, len(lines))


def _duplicates(report, group):
    rows = report.rows.loc[group]
    places = [describe_place(report, one) for _, one in rows.head(_ROWS_SHOWN).iterrows()]
    more = ", ..." if len(rows) > len(places) else ""
    return len(group), ", ".join(places) + more


def _table(title, head, lines, count):
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(v))}</td>' for v in line)}</tr>" for line in lines
    )
    more = f"<p>and {count - len(lines)} more</p>" if count > len(lines) else ""
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{names}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}"
    )
