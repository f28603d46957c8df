"""Findings on the estimator: its gap, its score against chance, and suspicious targets."""

import numpy as np

from skfusion.reports.audit._finding import MINOR, NOTE, Finding
from skfusion.reports.audit._fold_scores import name_of_score, score_statistic
from skfusion.reports.audit._label_errors import probable_errors
from skfusion.reports.audit._permutation import permuted_rows

_PERMUTATIONS = 199
_GAP = 0.1
_CHANCE = 0.05
_FAR = 5.0


def model_findings(price, rows, groups, generator):
    """Return the findings on the estimator.

    Parameters
    ----------
    price : Price
        Its predictions in the folds.

    rows : AuditRows
        The rows.

    groups : ndarray of int of shape (n_rows,)
        Rows that belong together.

    generator : Generator
        Draws permutations.

    Returns
    -------
    findings : list of Finding
        A gap of more than 0.1 between training and test is a note. A score that permuted targets
        reach is minor, as are targets that the predictions of other folds contradict.
    """
    base, name = price.base, name_of_score(rows)
    found = []
    if base.gap > _GAP:
        found.append(
            Finding(
                "training score is better",
                NOTE,
                [],
                f"{name} is {price.score + base.gap:.2f} on training rows and {price.score:.2f} "
                "out of fold.",
                "Trust the out-of-fold score only. Stronger regularization may raise it.",
                "estimator",
            )
        )
    p_value = _permutation_p_value(price, rows, groups, generator)
    if p_value > _CHANCE:
        found.append(
            Finding(
                "score may be chance",
                MINOR,
                [],
                f"{name} is {price.score:.2f}; {p_value:.0%} of permuted targets reach it.",
                "Do not report the score as better than chance. More rows would show more.",
                "estimator",
            )
        )
        return found
    return found + _suspicious_targets(base, rows)


def _permutation_p_value(price, rows, groups, generator):
    """Return the share of permuted targets whose score with the predictions is as high."""
    base = price.base
    sources = permuted_rows(rows.y, groups, _PERMUTATIONS, generator)
    ones = np.ones((1, len(base.rows)))
    scores = [
        score_statistic(rows._replace(y=rows.y[source]), base.rows, base.values)(ones)[0]
        for source in sources
    ]
    return float((1 + np.sum(np.array(scores) >= price.score)) / (1 + _PERMUTATIONS))


def _suspicious_targets(base, rows):
    if rows.classes is None:
        residuals = rows.y[base.rows] - base.values
        low, high = np.quantile(residuals, [0.25, 0.75])
        spread = (high - low) / 1.349 or 1.0
        chosen = np.abs(residuals - np.median(residuals)) > _FAR * spread
        kind, words = "outlying targets", "far from their out-of-fold prediction"
    else:
        chosen = probable_errors(base.values, np.searchsorted(rows.classes, rows.y[base.rows]))
        kind = "probable label errors"
        words = "that are confidently predicted to be of another class out of fold"
    places = np.unique(base.rows[chosen]).tolist()
    if not places:
        return []
    evidence = f"Rows {words}: {len(places)}, such as row {places[0]} ({rows.y[places[0]]})."
    return [Finding(kind, NOTE, places, evidence, "Look at these rows.", "y")]
