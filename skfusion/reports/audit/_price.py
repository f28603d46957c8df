"""The price of a leak: the score with it and without it, on the same test rows."""

import numpy as np
import pandas as pd
from scipy.stats import t

from skfusion._utils.progress import progress_bar
from skfusion.reports.audit._fold_scores import (
    name_of_score,
    predict_folds,
    score_of,
    score_statistic,
)
from skfusion.reports.audit._leaks import list_leaks
from skfusion.reports.evaluation._intervals import bootstrap_intervals

PRICE_COLUMNS = [
    "leak", "score", "with_leak", "without", "worth", "low", "high", "train_share", "sentence",
]  # fmt: skip
_MOST = 0.99  # training sets with a larger share of their rows are whole, in words


class Price:
    """The price of each leak that can be removed, for one estimator.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor.

    rows : AuditRows
        The rows.

    images : AuditImages
        Their images.

    reader : ImageReader
        Reads the cells.

    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    base : FoldPredictions
        The predictions with all leaks.

    score : float
        Their score.
    """

    def __init__(self, estimator, rows, images, reader, verbose=0):
        self._estimator, self._rows, self._verbose = estimator, rows, verbose
        self._images, self._reader = images, reader
        self.base = self._predict(rows.X, rows.splits, "score", in_sample=True)
        self.score = score_of(rows, self.base.rows, self.base.values)

    def of_findings(self, findings, keys, groups, seed):
        """Return the price of each leak that can be removed.

        Parameters
        ----------
        findings : list of Finding
            The findings.

        keys : dict of str to ndarray of int of shape (n_rows,)
            The groups of each kind, by the subject of the finding.

        groups : ndarray of int of shape (n_rows,)
            All groups, which are resampled.

        seed : int
            Draws training rows and resamples.

        Returns
        -------
        price : DataFrame
            A line per leak: the score with and without it, their difference `worth`, its 95 %
            interval from `low` to `high`, the share of the training rows of both, and a sentence.
            Numbers are NaN for a leak without which no training rows are left.
        """
        generator = np.random.default_rng(seed)
        leaks = list_leaks(self._rows, self._images, self._reader, findings, keys, generator)
        lines = [self._line(leak, groups, seed) for leak in leaks]
        return pd.DataFrame(lines, columns=PRICE_COLUMNS)

    def _lack(self, splits):
        """Return which training rows are lacking in a fold, in words; "" if it can be fitted."""
        counts = [len(np.unique(self._rows.y[train])) for train, _ in splits]
        if min(counts) == 0:
            return "no training rows are left in a fold"
        if min(counts) == 1 and self._rows.classes is not None:
            return "training rows of one class only are left in a fold"
        return ""

    def _predict(self, X, splits, description, **options):
        total = len(splits)
        with progress_bar(
            self._verbose, total=total, description=description, unit="fold"
        ) as shown:
            return predict_folds(self._estimator, X, self._rows, splits, shown, **options)

    def _line(self, leak, groups, seed):
        """Return a line: the score with the leak, and by how much it is lower without."""
        rows, what, name = self._rows, leak.what, name_of_score(self._rows)
        share = _train_share(leak.splits, rows.splits)
        lack = self._lack(leak.splits)
        if lack:
            sentence = f"{what} can't be priced: {lack} without them."
            return what, name, self.score, *[np.nan] * 4, share, sentence
        description = f"price of {what}"[:60]
        corrected = self._predict(leak.X, leak.splits, description)
        bases = [self._predict(rows.X, one, description) for one in leak.controls] or [self.base]
        scores = [score_of(rows, one.rows, one.values) for one in bases]
        score, without = float(np.mean(scores)), score_of(rows, corrected.rows, corrected.values)
        worth = score - without
        low, high = self._interval(bases, corrected, groups, seed)
        half = _half_interval(scores)
        low = worth - float(np.hypot(worth - low, half))
        high = worth + float(np.hypot(high - worth, half))
        on = f" on {share:.0%} of the training rows" if share < _MOST else ""
        sentence = (
            f"{name} {score:.2f}{on}, of which {worth:.2f} is {what} "
            f"(95 % interval {low:.2f} to {high:.2f}); {without:.2f} without."
        )
        return what, name, score, without, worth, low, high, share, sentence

    def _interval(self, bases, corrected, groups, seed):
        """Return the 95 % interval of the mean difference, over resamples of the test groups."""
        rows, places = self._rows, self.base.rows
        kept = np.isin(places, corrected.rows)  # in this order: splits differ in rows alone
        bases = [score_statistic(rows, one.rows, one.values) for one in bases]
        other = score_statistic(rows, corrected.rows, corrected.values)

        def difference(weights):
            return np.mean([one(weights) for one in bases], axis=0) - other(weights[:, kept])

        return bootstrap_intervals([difference], len(places), groups[places], seed)[0]


def _half_interval(scores):
    """Return half of the 95 % interval of one more score less the mean of scores.

    The draw of training rows moves each of the scores, the one without the leak too.
    """
    n = len(scores)
    if n == 1:
        return 0.0
    return float(t.ppf(0.975, n - 1) * np.std(scores, ddof=1) * np.sqrt(1 + 1 / n))


def _train_share(splits, whole):
    """Return the share of the training rows that splits keep."""
    return sum(len(train) for train, _ in splits) / sum(len(train) for train, _ in whole)
