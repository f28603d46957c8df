"""The pairs of rows that show the same image, and the findings on them."""

import numpy as np
import pandas as pd

from skfusion.reports.audit._finding import GRAVE, MINOR, NOTE, Finding
from skfusion.reports.audit.duplicates._find_copies import find_copies

PAIR_COLUMNS = ["row_a", "row_b", "kind", "similarity", "column_a", "column_b", "crosses"]
_MOST_OF_ONE = 50
# An image that more rows than this share is a placeholder, not a copy.
_PLACEHOLDER = 0.05


def find_pairs(rows, images, verbose=0, more=None):
    """Find the pairs of rows with the same image, unaltered or altered.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    verbose : int, default=0
        1 shows progress bars.

    more : ndarray of int of shape (n_pairs, 2), default=None
        Places of thumbnails that are to be compared, too.

    Returns
    -------
    pairs : DataFrame
        A line for each pair of rows, the most alike first. `kind` is "same file", "same pixels",
        "copy", "crop", "mirror image" or "turned copy".
    """
    entries = images.entries[(images.entries["place"] >= 0) & ~_is_placeholder(images.entries)]
    found = _identical(entries)
    of_place = entries.groupby("place").indices
    lines = entries[["row", "column"]].to_numpy()
    for first, second, kind, similarity in find_copies(images.thumbnails, verbose, more):
        for a in of_place.get(first, [])[:_MOST_OF_ONE]:
            for b in of_place.get(second, [])[:_MOST_OF_ONE]:
                found.append((*lines[a], *lines[b], kind, similarity))
    table = [
        (a, b, kind, similarity, name_a, name_b)
        if a < b
        else (b, a, kind, similarity, name_b, name_a)
        for a, name_a, b, name_b, kind, similarity in found
        if a != b
    ]
    pairs = pd.DataFrame(table, columns=PAIR_COLUMNS[:-1])
    pairs = pairs.drop_duplicates(["row_a", "row_b"])
    pairs = pairs.sort_values(["similarity", "row_a", "row_b"], ascending=[False, True, True])
    crosses = rows.crosses(pairs["row_a"].to_numpy(int), pairs["row_b"].to_numpy(int))
    return pairs.assign(crosses=crosses).reset_index(drop=True)


def copy_findings(rows, images, pairs):
    """Return the findings on pairs: those that cross folds, that differ in the target, others."""
    findings = _placeholder_findings(images)
    crossing, inside = pairs[pairs["crosses"]], pairs[~pairs["crosses"]]
    if len(crossing):
        findings.append(
            Finding(
                "copies in two folds",
                GRAVE,
                _rows_of(crossing),
                f"{_count(crossing)} in training and test of a fold: {_kinds(crossing)}.",
                "Pass report.groups to a splitter such as GroupKFold, or keep one row of each "
                "pair.",
                "images",
            )
        )
    if len(inside):
        findings.append(
            Finding(
                "copies in one fold",
                NOTE,
                _rows_of(inside),
                f"{_count(inside)}, never in training and test at once: {_kinds(inside)}.",
                "Keep them together: pass report.groups to the splitter.",
                "images",
            )
        )
    differ = pairs[rows.y[pairs["row_a"].to_numpy(int)] != rows.y[pairs["row_b"].to_numpy(int)]]
    if rows.classes is not None and len(differ):
        some = differ.iloc[0]
        a, b = int(some["row_a"]), int(some["row_b"])
        findings.append(
            Finding(
                "copies with different targets",
                MINOR,
                _rows_of(differ),
                f"{_count(differ)} and different targets, such as row {a} ({rows.y[a]}) and row "
                f"{b} ({rows.y[b]}).",
                "Look at these rows: at most one of the targets is right.",
                "images",
            )
        )
    return findings


def _is_placeholder(entries):
    """Return which images are of one color, or shared by too many rows to be a copy."""
    counts = entries["pixels"].map(entries["pixels"].value_counts())
    n_rows = entries["row"].nunique()
    return (entries["blank"] == True) | (counts > max(_MOST_OF_ONE, _PLACEHOLDER * n_rows))  # noqa: E712


def _placeholder_findings(images):
    entries = images.entries
    shared = entries[_is_placeholder(entries) & (entries["blank"] != True)]  # noqa: E712
    if shared.empty:
        return []
    return [
        Finding(
            "one image in many rows",
            MINOR,
            np.unique(shared["row"]).tolist(),
            f"Rows that share {shared['pixels'].nunique()} of the images: {len(shared)}, such as "
            f"{shared['source'].iloc[0]}.",
            "Replace placeholders by missing values.",
            "images",
        )
    ]


def _identical(entries):
    """Return pairs of rows with equal pixels; of large sets, each row with the first one."""
    found = []
    for _, some in entries.groupby("pixels", sort=False):
        if len(some) < 2:
            continue
        lines = some[["row", "column", "content"]].to_numpy()
        firsts = lines if len(lines) <= _MOST_OF_ONE else lines[:1]
        for place, (row, name, content) in enumerate(firsts):
            for other, other_name, other_content in lines[place + 1 :]:
                same = content is not None and content == other_content
                kind = "same file" if same else "same pixels"
                found.append((row, name, other, other_name, kind, 1.0))
    return found


def _rows_of(pairs):
    return np.unique(pairs[["row_a", "row_b"]].to_numpy(int)).tolist()


def _count(pairs):
    return (
        "1 pair of rows with one image"
        if len(pairs) == 1
        else (f"{len(pairs)} pairs of rows with one image")
    )


def _kinds(pairs):
    return ", ".join(f"{kind} ({n})" for kind, n in pairs["kind"].value_counts().items())
