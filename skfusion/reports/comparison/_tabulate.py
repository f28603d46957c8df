"""The tables of a comparison."""

import numpy as np
import pandas as pd

from skfusion.reports.comparison._paired_intervals import (
    all_differences,
    corrected_interval,
    rows_ratio,
)

# The scores of scikit-learn that are shares or areas, from 0 to 1, whatever their suffix.
_SHARES = (
    "accuracy", "balanced_accuracy", "top_k_accuracy", "average_precision", "f1", "jaccard",
    "precision", "recall", "roc_auc",
)  # fmt: skip
_SUFFIXES = ("", "_binary", "_macro", "_micro", "_weighted", "_samples", "_ovr", "_ovo",
             "_ovr_weighted", "_ovo_weighted")  # fmt: skip


def tabulate(names, outcomes, splits, scoring):
    """Return the tables of a Comparison.

    Parameters
    ----------
    names : list of str
        The names of the estimators.

    outcomes : list of list of Outcome
        By split, then by estimator.

    splits : list of tuple (train, test)
        The rows of the splits.

    scoring : str
        The name of the score: intervals of its means stay in its range.

    Returns
    -------
    tables : dict of str to DataFrame
        `scores`, `split_scores` and `differences`, as in `Comparison`.
    """
    split_scores = pd.DataFrame(
        [[outcome.score for outcome in line] for line in outcomes],
        pd.RangeIndex(len(splits), name="split"),
        pd.Index(names),
    )
    ratio = rows_ratio(splits)
    # In the first split images are read, and networks are built: times of others are comparable.
    timed = slice(1, None) if len(splits) > 1 else slice(None)
    n_tested = sum(len(test) for _, test in splits[timed])
    lines, (least, most) = {}, _find_range(scoring)
    for place, name in enumerate(names):
        mean, low, high, _ = corrected_interval(split_scores[name].to_numpy(), ratio)
        own = [line[place] for line in outcomes[timed]]
        lines[name] = {
            "mean": mean,
            "low": np.maximum(low, least),  # NaN stays
            "high": np.minimum(high, most),
            "std": split_scores[name].std(),
            "fit_seconds": np.mean([one.fit_seconds for one in own]),
            "predict_milliseconds": 1000 * sum(one.predict_seconds for one in own) / n_tested,
            "sources": own[0].sources,
        }
    scores = pd.DataFrame.from_dict(lines, orient="index").rename_axis("estimator")
    differences = all_differences(split_scores, splits)
    return {"scores": scores, "split_scores": split_scores, "differences": differences}


def _find_range(scoring):
    """Return the lowest and the highest value of a score of scikit-learn."""
    if scoring in {share + suffix for share in _SHARES for suffix in _SUFFIXES}:
        return 0.0, 1.0
    return -np.inf, 1.0 if scoring in ("r2", "explained_variance") else np.inf
