"""Words and numbers of a Comparison, for its renderers."""

import numpy as np

from skfusion.reports._model_report_words import format_number, name_of_score

SOURCES = {"table": "table", "image": "images", "both": "table and images", "none": "no source"}


def describe_score(protocol):
    """Return the name of the score in words."""
    name = protocol["scoring"]
    return f"score {name!r}" if name.startswith("neg_") else name_of_score(name)


def describe_rows(protocol):
    """Return on which rows and splits the estimators were compared, in one line."""
    rows = f"{protocol['n_rows']} rows"
    if protocol["n_without_image"]:
        rows += f" ({protocol['n_without_image']} without an image)"
    if protocol["n_groups"] is not None:
        rows += f" of {protocol['n_groups']} groups"
    splits = "1 split" if protocol["n_splits"] == 1 else f"{protocol['n_splits']} splits"
    if protocol["n_repeats"] > 1:
        n_folds = protocol["n_splits"] // protocol["n_repeats"]
        splits += f" ({n_folds} folds, drawn {protocol['n_repeats']} times)"
    return f"{rows}, {splits}; score: {describe_score(protocol)}, higher is better"


def make_format(table):
    """Return a function that formats the numbers of a table, all with the same decimals.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.reports.comparison._comparison_words import make_format
    >>> show = make_format(pd.DataFrame({"mean": [0.0123, -0.0004]}))
    >>> show(0.0123), show(-0.0004), show(float("nan"))
    ('0.0123', '-0.0004', '–')
    """
    values = np.abs(table.to_numpy(dtype=float))
    largest = float(np.max(values, initial=0, where=np.isfinite(values)))
    power = int(np.floor(np.log10(largest))) if largest else 0
    decimals = int(np.clip(3 - power if power >= 0 else 2 - power, 0, 9))

    def show(value, sign=""):
        return "–" if np.isnan(value) else f"{value:{sign}.{decimals}f}"

    return show


def describe_interval(line, show):
    """Return an interval in words."""
    return "–" if np.isnan(line["low"]) else f"{show(line['low'])} to {show(line['high'])}"


def describe_seconds(seconds):
    """Return a time with its unit."""
    return f"{format_number(seconds)} s" if seconds >= 1 else f"{format_number(1000 * seconds)} ms"


def list_limits(protocol):
    """Return what the numbers do not show."""
    limits = [
        "Intervals cover 95 % of single differences: of many pairs, some differ by chance.",
        "They are approximate: splits share training rows, for which their variance is corrected, "
        "and each fit uses fewer rows than a final model.",
        "Times are those of this machine, as if no feature had been cached, but without reading "
        "and decoding images.",
    ]
    if protocol["n_groups"] is None:
        limits.append(
            "Rows count as independent. If several belong to one patient or place, pass groups."
        )
    return limits
