"""The limits of the numbers of a report, in sentences."""

import numpy as np

_FEW_ROWS = 50
# Rows whose means differ by less, in standard deviations, are those of the training.
_SAME = 1e-6


def list_limits(report, has_background):
    """Return sentences on how far the numbers of a report can be trusted.

    Parameters
    ----------
    report : ModelReport
        The report.

    has_background : bool
        Whether rows of the training data were given.

    Returns
    -------
    limits : list of str
        The sentences.
    """
    limits = []
    if report.scores is None:
        limits.append("There is no target, so there are no scores: nothing shows how good it is.")
    else:
        limits += _on_scores(report.protocol, report.scores)
        if report.calibration is None:
            limits.append("Calibration needs probabilities or numbers, and at least 30 rows.")
    if report.explanations:
        limits.append(
            "Shares and regions show what the model responds to. They do not show causes, and they "
            "are relative to the mean prediction for the background rows."
        )
    return limits + _on_drift(report.drift, report.protocol["rows"], has_background)


def _on_scores(protocol, scores):
    limits = []
    if protocol["rows"] == "out-of-fold":
        limits.append(
            f"Scores and explanations are of copies of the model, each fitted on a part of these "
            f"rows, in {protocol['n_folds']} folds. The given model itself is not scored."
        )
    else:
        limits.append(
            "Scores are of the given model. If it was fitted on some of these rows, they are too "
            "good: pass cv=5 for out-of-fold scores, or rows that it was not fitted on."
        )
    if protocol["n_groups"] is None:
        limits.append(
            "Intervals count the rows as independent. If several rows belong to one person or one "
            "object, pass groups."
        )
    limits.append(
        "Intervals show the chance in the choice of these rows, not that in the training, and not "
        "how the model does elsewhere."
    )
    n_rows = protocol["n_rows"]
    if n_rows < _FEW_ROWS:
        limits.append(f"There are few rows ({n_rows}): intervals are wide, and themselves unsure.")
    undefined = scores.index[scores["value"].isna()].tolist()
    if undefined:
        limits.append(f"Not defined for these rows: {', '.join(undefined)}.")
    elif np.isnan(scores["low"]).all():
        limits.append("Intervals need at least two rows, or two groups.")
    return limits


def _on_drift(drift, kind, has_background):
    if kind == "out-of-fold" and not has_background:
        return [
            "Drift is not measured: in folds, the rows are those of the training. Report new rows, "
            "without cv, to measure it."
        ]
    if drift.empty:
        return [
            "Nothing is known of the training data: pass some of its rows as background to see "
            "whether these rows differ from it."
        ]
    if drift["shift"].abs().max() < _SAME:
        return [
            "Nothing differs from the training data at all: these are probably the same rows. "
            "Report new rows to measure drift."
        ]
    if not has_background:
        return [
            "Drift is measured against what the model recorded in fit: ranges and means, not "
            "whole distributions. Pass training rows as background to compare more."
        ]
    return ["Drift compares each column alone. Columns may change together and not show it."]
