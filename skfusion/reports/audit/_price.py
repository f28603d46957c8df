"""The price of a leak: the score with it and without it, on the same test rows."""

import numpy as np
import pandas as pd

from skfusion._utils.progress import progress_bar
from skfusion.reports.audit._audit_images import MISSING
from skfusion.reports.audit._encoded_alike import encode_alike, is_of_files
from skfusion.reports.audit._finding import GRAVE, MINOR
from skfusion.reports.audit._fold_scores import (
    name_of_score,
    predict_folds,
    score_of,
    score_statistic,
)
from skfusion.reports.evaluation._intervals import bootstrap_intervals

PRICE_COLUMNS = ["leak", "score", "with_leak", "without", "worth", "low", "high", "sentence"]
_COLUMN_KINDS = (
    "column nearly is the target",
    "column may come after the target",
    "missing values predict the target",
)
_GROUP_KINDS = ("copies in two folds", "groups in two folds")


class Price:
    """What each leak that can be mended is worth, for one estimator.

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

    def of_findings(self, findings, groups, seed):
        """Return the price of each leak that can be mended.

        Parameters
        ----------
        findings : list of Finding
            The findings.

        groups : ndarray of int of shape (n_rows,)
            The groups that mend the split.

        seed : int
            Draws resamples.

        Returns
        -------
        price : DataFrame
            A line per leak: the score with and without it, their difference `worth`, its 95 %
            interval from `low` to `high`, and a sentence.
        """
        lines = [
            self._line(what, self._predict(X, splits, f"price of {what}"[:60]), groups, seed)
            for what, X, splits in self._list_mended(findings, groups)
            if all(self._can_train(train) for train, _ in splits)
        ]
        return pd.DataFrame(lines, columns=PRICE_COLUMNS)

    def _list_mended(self, findings, groups):
        """Return for each leak what it is, and the rows and splits without it."""
        rows, found = self._rows, []
        crossing = [one for one in findings if one.kind in _GROUP_KINDS]
        if crossing:
            what = _describe_groups(crossing, groups)
            found.append((what, rows.X, rows.without_groups(groups)))
        serious = [one for one in findings if one.severity in (GRAVE, MINOR)]
        facts = [one.subject for one in serious if one.kind == "fact predicts the target"]
        if any(MISSING in fact for fact in facts):
            held = ~self._images.lacks_image()
            splits = [(train[held[train]], test[held[test]]) for train, test in rows.splits]
            found.append(("the lack of images", rows.X, splits))
        of_files = [one for one in facts if is_of_files(one)]
        if of_files and isinstance(rows.X, pd.DataFrame):
            X = encode_alike(rows.X, self._images, self._reader)
            found.append((f"{', '.join(of_files)} of the files", X, rows.splits))
        for one in serious:
            name = one.subject.removeprefix("whether ").removesuffix(" is missing")
            X = self._without_column(name) if one.kind in _COLUMN_KINDS else None
            if X is not None:
                found.append((f"column {name!r}", X, rows.splits))
        return found

    def _can_train(self, train):
        """Return whether training rows are left, of several classes if there are classes."""
        n_least = 1 if self._rows.classes is None else 2
        return len(np.unique(self._rows.y[train])) >= n_least

    def _predict(self, X, splits, description, **options):
        total = len(splits)
        with progress_bar(
            self._verbose, total=total, description=description, unit="fold"
        ) as shown:
            return predict_folds(self._estimator, X, self._rows, splits, shown, **options)

    def _without_column(self, name):
        """Return the rows with one value in a column: estimators may need it to be there."""
        X = self._rows.X
        if not isinstance(X, pd.DataFrame) or name not in X.columns:
            return None
        held = X[name].dropna()
        return X.assign(**{name: held.iloc[0] if held.empty else held.mode().iloc[0]})

    def _line(self, what, mended, groups, seed):
        """Return a line: the score without the leak, and by how much it is lower."""
        rows, base = self._rows, self.base
        statistics = [score_statistic(rows, one.rows, one.values) for one in (base, mended)]
        score = score_of(rows, mended.rows, mended.values)
        kept = np.isin(
            base.rows, mended.rows
        )  # in the same order: splits are the same but for rows
        low, high = bootstrap_intervals(
            [lambda weights: statistics[0](weights) - statistics[1](weights[:, kept])],
            len(base.rows),
            groups[base.rows],
            seed,
        )[0]
        name, worth = name_of_score(rows), self.score - score
        sentence = (
            f"{name} {self.score:.2f}, of which {worth:.2f} is {what} "
            f"(95 % interval {low:.2f} to {high:.2f}); {score:.2f} without."
        )
        return what, name, self.score, score, worth, low, high, sentence


def _describe_groups(crossing, groups):
    """Return how many groups the findings are about, in words."""
    places = np.unique(np.concatenate([np.array(one.rows, dtype=int) for one in crossing]))
    n_groups = len(np.unique(groups[places]))
    of = "copies" if all(one.kind.startswith("copies") for one in crossing) else "rows"
    return f"{n_groups} group{'s' if n_groups > 1 else ''} of {of} in two folds"
