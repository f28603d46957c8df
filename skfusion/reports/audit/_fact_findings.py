"""Findings on facts that are no pixels, and on columns, that predict the target."""

import re

import pandas as pd
from sklearn.metrics import normalized_mutual_info_score

from skfusion.reports.audit._audit_images import MISSING
from skfusion.reports.audit._fact_levels import to_levels
from skfusion.reports.audit._fact_text import by_level, counted
from skfusion.reports.audit._finding import GRAVE, MINOR, NOTE, Finding
from skfusion.reports.audit._predictive_facts import predictive_facts

_P_VALUE = 0.01
# The share of the squared error that a fact explains: from here on, it moves scores.
_LARGE = 0.05
_NEARLY_ALL = 0.8
_SAME = 0.5  # the mutual information of facts that say the same
_REMEDY = (
    "Check that the images of all classes were acquired and stored alike. Encode all of them "
    "alike, or compare rows with the same value only."
)
_REMEDY_OF_MISSING = "Find out why images are missing, or leave out rows without one."
_MUCH = 0.25
_LACK = "whether {} is missing"
_NEARLY_ALL_OF_COLUMN = 0.9  # of what a column explains, which its missing values explain alone
_AFTER = re.compile(
    r"(^|[_\W])(outcome|diagnos\w*|discharge\w*|death|died|survival|follow_?up|result\w*|"
    r"prognos\w*|treatment|therapy|label|target|ground_?truth|predict\w*|score|grade|stage)"
    r"($|[_\W\d])",
    re.IGNORECASE,
)


def fact_findings(rows, images, groups, generator):
    """Return the findings on facts of files that predict the target.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    groups : ndarray of int of shape (n_rows,)
        Rows that belong together.

    generator : Generator
        Draws permutations.

    Returns
    -------
    findings : list of Finding
        One for each fact whose corrected p-value is at most 0.01. Names and folders that are the
        classes are a note: a model does not see them.
    """
    facts, absent = images.facts()
    tests = predictive_facts(facts, rows, groups, generator, absent)
    found = []
    for test, alike in _without_repeats(tests, facts):
        values, gain = facts[test.fact], test.gain
        if _names_classes(values, test.fact, rows):
            severity, remedy = NOTE, "None is needed if the model gets pixels only."
        else:
            severity = GRAVE if gain >= _LARGE else MINOR
            remedy = _REMEDY_OF_MISSING if MISSING in test.fact else _REMEDY
        others = f" So do {', '.join(alike)}." if alike else ""
        evidence = (
            f"{test.fact} explains {gain:.0%} of the target out of fold (p = {test.p_value:.3f}, "
            f"corrected for {counted(len(tests), 'fact')}): {by_level(values, rows)}.{others}"
        )
        found.append(Finding("fact predicts the target", severity, [], evidence, remedy, test.fact))
    return found


def _without_repeats(tests, facts):
    """Return the facts that predict, each with those that are nearly the same."""
    found = []
    some = tests[tests["p_value"] <= _P_VALUE].sort_values("gain", ascending=False, kind="stable")
    for test in some.itertuples():
        levels = to_levels(facts[test.fact])
        for first, alike in found:
            own = to_levels(facts[first.fact])
            if normalized_mutual_info_score(own, levels, average_method="min") > _SAME:
                alike.append(test.fact)
                break
        else:
            found.append((test, []))
    return found


def column_findings(rows, groups, generator):
    """Return the findings on columns of the table that nearly are the target, or come after it.

    Parameters
    ----------
    rows : AuditRows
        The rows.

    groups : ndarray of int of shape (n_rows,)
        Rows that belong together.

    generator : Generator
        Draws permutations.

    Returns
    -------
    findings : list of Finding
        A column that explains four fifths of the target out of fold is grave; so is one whose
        missing values do. One that explains a quarter, with the name of a result, is minor.
    """
    table = rows.table[rows.table_columns]
    lacks = {
        _LACK.format(name): table[name].isna().astype(float)
        for name in table
        if 0 < table[name].isna().mean() < 1
    }
    columns = pd.concat([table, pd.DataFrame(lacks, index=table.index)], axis=1)
    columns.columns = columns.columns.map(str)
    tests = predictive_facts(columns, rows, groups, generator)
    found = []
    for test in _each_column_once(tests, lacks):
        name = f"W{test.fact[1:]}" if test.fact in lacks else f"Column {test.fact!r}"
        share = f"{name} explains {test.gain:.0%} of the target out of fold"
        if test.fact in lacks and test.gain >= _MUCH:
            kind, severity = "missing values predict the target", GRAVE
        elif test.gain >= _NEARLY_ALL:
            kind, severity = "column nearly is the target", GRAVE
        elif test.gain >= _MUCH and _AFTER.search(test.fact):
            kind, severity = "column may come after the target", MINOR
        elif test.gain >= _MUCH:
            kind, severity = "column predicts the target well", NOTE
        else:
            continue
        found.append(
            Finding(
                kind,
                severity,
                [],
                f"{share} (p = {test.p_value:.3f}, corrected for {counted(len(tests), 'column')}).",
                "Leave the column out if its value is not known when the model predicts.",
                test.fact,
            )
        )
    return found


def _each_column_once(tests, lacks):
    """Return the tests that are significant: of a column, or of its missing values."""
    some = tests[tests["p_value"] <= _P_VALUE].sort_values("gain", ascending=False)
    gains = dict(zip(some["fact"], some["gain"], strict=True))
    for name in list(gains):
        lack = _LACK.format(name)
        if lack in lacks and lack in gains:
            enough = gains[lack] >= _NEARLY_ALL_OF_COLUMN * gains[name]
            del gains[name if enough else lack]
    return list(some[some["fact"].isin(gains)].itertuples())


def _names_classes(values, fact, rows):
    """Return whether a folder or word of a name is a class."""
    if rows.classes is None or not ("folder" in fact or "name has" in fact):
        return False
    labels = {str(label).lower() for label in rows.classes}
    if "name has" in fact:
        return fact.split("name has ")[1].strip("'") in labels
    last = values.dropna().map(lambda folder: folder.rsplit("/", 1)[-1].lower())
    return last.isin(labels).mean() > 0.9
