"""Render an ImageReport as text."""

from skfusion.reports._summaries import (
    count_values,
    describe_place,
    describe_sizes,
    format_bytes,
    printable,
)

_REASONS_SHOWN = 10
_DUPLICATES_SHOWN = 10
_EACH_SHOWN = 3  # images that are broken for the same reason, or are the same


def render_text(report):
    """Render an ImageReport as lines of text.

    Parameters
    ----------
    report : ImageReport
        The data.

    Returns
    -------
    text : str
        A few lines for each column, what is broken, duplicates and advice.
    """
    names = report.rows["column"].unique()
    parts = [_column(report, name) for name in names] or [["No rows"]]
    parts += [_broken(report), _duplicates(report), _advice(report)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _column(report, name):
    rows = report.rows[report.rows["column"] == name]
    ok = rows[rows["status"] == "ok"]
    several = f", {len(rows)} images" if rows["row"].nunique() != len(rows) else ""
    lines = [f"Column {name!r}: {rows['row'].nunique()} rows{several}"]
    for status in ("ok", "missing", "broken"):
        count = int((rows["status"] == status).sum())
        if count or status == "ok":
            lines.append(_line(status, count))
    if len(ok):
        lines.append(_line("sizes", f"{describe_sizes(ok)} - height x width"))
        lines += [_line(f"{key}s", count_values(ok[key])) for key in ("format", "mode")]
    frames = int((ok["frames"] > 1).sum())
    if frames:
        lines.append(_line("frames", f"{frames} have several"))
    if ok["bytes"].notna().any():
        lines.append(_line("bytes", format_bytes(int(ok["bytes"].sum()))))
    blank = int(ok["blank"].sum())
    if blank:
        lines.append(_line("blank", f"{blank} of one color"))
    return lines


def _broken(report):
    if not report.n_broken:
        return []
    lines, broken = ["Broken"], report.broken
    for reason, count in report.reasons.head(_REASONS_SHOWN).items():
        alike = broken[broken["reason"] == reason]
        if count == 1:
            lines.append(f"  {_name(report, alike.iloc[0])}: {reason}")
            continue
        lines.append(f"  {count} images: {reason}")
        lines += [f"    {_name(report, one)}" for _, one in alike.head(_EACH_SHOWN).iterrows()]
        lines += _more(count, _EACH_SHOWN, "    ")
    return lines + _more(len(report.reasons), _REASONS_SHOWN, "  ", " reasons")


def _duplicates(report):
    groups = report.duplicates
    if not groups:
        return []
    what = "pixels" if report.decode else "bytes"
    sets = "1 set" if len(groups) == 1 else f"{len(groups)} sets"
    lines = [f"Duplicates: {sum(map(len, groups))} images share their {what}, in {sets}"]
    for group in groups[:_DUPLICATES_SHOWN]:
        rows = report.rows.loc[group]
        places = [describe_place(report, one) for _, one in rows.head(_EACH_SHOWN).iterrows()]
        sources = [printable(source) for source in rows["source"].unique()]
        lines.append(f"  {_some(places, len(rows))}  {_some(sources)}")
    return lines + _more(len(groups), _DUPLICATES_SHOWN, "  ")


def _advice(report):
    advice = report.advice
    return ["What to do", *(f"  - {one}" for one in advice)] if advice else []


def _name(report, one):
    return f"{describe_place(report, one)}  {printable(one['source'])}"


def _line(name, value):
    return f"  {name:<10}  {value}"


def _some(texts, count=None):
    """Join the first few, with a sign where there are more."""
    count = len(texts) if count is None else count
    shown = list(texts[:_EACH_SHOWN])
    return ", ".join(shown) + (", ..." if count > len(shown) else "")


def _more(count, shown, indent, unit=""):
    return [f"{indent}and {count - shown} more{unit}"] if count > shown else []
