"""Short descriptions of the rows of an ImageReport, for its renderers."""

from skfusion.reports._clean_text import clean_text

_SIZES_SHOWN = 3
_KINDS_SHOWN = 6  # formats, modes
_LONGEST_SOURCE = 200


def describe_sizes(rows):
    """Return the sizes of images and how many have each, or the smallest and the largest."""
    counts = rows[["height", "width"]].value_counts()
    shown = ", ".join(
        f"{height} x {width} ({count})"
        for (height, width), count in counts.head(_SIZES_SHOWN).items()
    )
    if len(counts) == 1:
        return "{} x {}".format(*counts.index[0])
    if len(counts) <= _SIZES_SHOWN:
        return shown
    height, width = rows["height"], rows["width"]
    return (
        f"{len(counts)} from {height.min()} x {width.min()} to {height.max()} x {width.max()}, "
        f"most often {shown}"
    )


def count_values(values):
    """Return the most frequent values and how many rows have each."""
    counts = values.value_counts()
    shown = [f"{value} ({count})" for value, count in counts.head(_KINDS_SHOWN).items()]
    others = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {others} others" if others else "")


def format_bytes(n_bytes):
    """Return a number of bytes in the largest unit that it fills."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} GB"


def describe_place(report, one):
    """Return the row of an image and, where there are several, its column."""
    several = report.rows["column"].nunique() > 1
    return f"row {one['row']}" + (f" of {one['column']!r}" if several else "")


def printable(text):
    """Return a source that is safe to print: file names may hold anything, even escapes."""
    return clean_text(text, _LONGEST_SOURCE)
