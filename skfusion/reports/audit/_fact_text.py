"""Facts and their counts in words."""

import numpy as np
import pandas as pd

_FIRST_TABLE_MEAN = 57.625  # of JPEG's luminance table at quality 50


def counted(n, noun):
    """Return a number with its noun, such as "1 fact" or "2 facts"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def by_level(values, rows):
    """Return the mean of the target, or its most frequent class, for a few values of a fact.

    Parameters
    ----------
    values : Series
        The fact of each row; its name decides how values are shown.

    rows : AuditRows
        The target.

    Returns
    -------
    text : str
        For numbers with many values, their median in each class.
    """
    is_number = pd.api.types.is_numeric_dtype(values.dtype)
    if is_number and values.nunique() > 8 and rows.classes is not None:
        medians = [(label, values[rows.y == label].median()) for label in rows.classes[:4]]
        parts = [f"{_number(values.name, value)} in class {label}" for label, value in medians]
        return "median " + ", ".join(parts)
    if is_number and values.nunique() > 8:
        return f"its correlation with y is {np.corrcoef(values.fillna(0), rows.y)[0, 1]:.2f}"
    parts = []
    for value, codes in list(values.groupby(values.map(str)).groups.items()):
        own = rows.y[codes]
        shown = f"mean {own.mean():.3g}" if rows.classes is None else _most_frequent(own)
        number = pd.to_numeric(value, errors="coerce") if is_number else np.nan
        name = repr(value[:40]) if pd.isna(number) else _number(values.name, number)
        parts.append((-len(own), f"{name} has {shown}"))
    return ", ".join(text for _, text in sorted(parts, key=lambda part: part[0])[:3])


def _number(fact, value):
    """Return a number with its unit."""
    if pd.isna(value):
        return "none"
    if fact.endswith("compression"):
        return f"JPEG quality of about {_quality(value)}"
    if fact.endswith("bytes"):
        return f"{value / 1000:.1f} kB"
    return f"{value:.4g}"


def _quality(mean):
    """Return the quality of libjpeg whose first quantization table has about this mean."""
    scale = 100 * mean / _FIRST_TABLE_MEAN
    return round((200 - scale) / 2 if scale <= 100 else 5000 / scale)


def _most_frequent(labels):
    names, counts = np.unique(labels, return_counts=True)
    return f"{counts.max() / len(labels):.0%} {names[counts.argmax()]}"
