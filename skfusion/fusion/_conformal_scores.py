"""ConformalScores: how wrong predictions were for rows that the models had not seen."""

import numpy as np
from scipy.stats import rankdata

from skfusion._utils.plain_data import plain_data

# Fewer rows with, or without, an image are not a group of their own.
_MIN_ROWS = 50


@plain_data
class ConformalScores:
    """Keep scores of rows with and without an image, and return their quantiles.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
        The higher, the less a row's target conforms to its out-of-fold prediction.

    scores_without : ndarray of shape (n_rows,)
        The same for the predictions that the rows get without their images.

    has_image : ndarray of bool of shape (n_rows,)
        Which rows have an image.

    weights : ndarray of shape (n_rows,)
        Weights of the rows; one of weight 2 counts as two rows.

    groups : ndarray of shape (n_rows,), default=None
        The groups of the rows. What is predicted is then a row of a new group. If the scores of a
        group are all the same, it weighs as much as a group of `fit` on average (hierarchical
        conformal prediction: Lee, Barber and Willett, arXiv 2306.06342); if they are independent,
        as much as a row; else by their intraclass correlation (the design effect of a sample of
        clusters: Kish, "Survey sampling", 1965, section 5.4).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._conformal_scores import ConformalScores
    >>> scores = ConformalScores(np.arange(99.0), np.zeros(99), np.ones(99, bool), np.ones(99))
    >>> scores.find_quantiles(0.9, np.array([True, False])).tolist()
    [89.0, 0.0]
    """

    _new = 1.0  # of objects that an older version saved

    def __init__(self, scores, scores_without, has_image, weights, groups=None):
        if groups is not None:
            of_group = float(weights.sum() / len(np.unique(groups)))
            self._new = of_group
            if of_group > 1:
                self._new = 1 + (of_group - 1) * _correlate_within(scores, groups)
        everywhere = np.ones(len(scores), dtype=bool)
        own = has_image if has_image.sum() >= _MIN_ROWS else everywhere
        self._with_image = _sort(scores[own], weights[own])
        if (~has_image).sum() >= _MIN_ROWS:
            self._without_image = _sort(scores[~has_image], weights[~has_image])
        else:
            self._without_image = _sort(scores_without, weights)

    def find_quantiles(self, level, has_image):
        """Return for each row the score that a share `level` of rows like it does not exceed.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        has_image : ndarray of bool of shape (n_rows,)
            Which rows have an image.

        Returns
        -------
        quantiles : ndarray of shape (n_rows,)
            Infinite where there are too few rows for the level.
        """
        with_image = _find_quantile(*self._with_image, level, self._new)
        without_image = _find_quantile(*self._without_image, level, self._new)
        return np.where(has_image, with_image, without_image)

    def find_lower_quantiles(self, level, has_image):
        """Return for each row the score that a share `level` of rows like it is not below."""
        groups = (self._with_image, self._without_image)
        lower = [
            -_find_quantile(-scores[::-1], weights[::-1], level, self._new)
            for scores, weights in groups
        ]
        return np.where(has_image, *lower)


def find_conformal_scores(trial, strategy, prior, score):
    """Return the scores of rows that neither models nor weights have seen.

    Parameters
    ----------
    trial : StrategyTrial
        Predictions of the strategies for such rows.

    strategy : str
        The strategy in use.

    prior : float or ndarray
        The prediction for rows without an image where there is no table.

    score : callable
        Called with predictions and targets, it returns how little each target conforms.
    """
    out_of_fold, prediction = trial.out_of_fold, trial.predictions[strategy]
    rows = out_of_fold.rows
    without = trial.predictions.get("table", np.broadcast_to(prior, prediction.shape))
    scores = [score(each, rows.y) for each in (prediction, without)]
    # Where the table is used alone, images are not read in predictions.
    has_image = out_of_fold.has_image | (strategy == "table")
    return ConformalScores(*scores, has_image, rows.weights, rows.groups)


def _sort(scores, weights):
    order = np.argsort(scores, kind="stable")
    return scores[order], weights[order]


def _correlate_within(scores, groups):
    """Return the intraclass correlation of the ranks of scores, between 0 and 1.

    It is that of an analysis of variance, and 1 where each row is a group.
    """
    ranks = rankdata(scores)
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n_rows, n_groups = len(scores), len(sizes)
    if n_groups in (1, n_rows) or np.ptp(ranks) == 0:
        return 1.0
    means = np.bincount(numbers, weights=ranks) / sizes
    between = (sizes * (means - ranks.mean()) ** 2).sum() / (n_groups - 1)
    within = ((ranks - means[numbers]) ** 2).sum() / (n_rows - n_groups)
    size = (n_rows - (sizes**2).sum() / n_rows) / (n_groups - 1)
    return float(np.clip((between - within) / (between + (size - 1) * within), 0, 1))


def _find_quantile(scores, weights, level, new):
    """Return the score that a share `level` of all weight, with the new, does not exceed.

    Between two rows it is interpolated: rounded up to a row, intervals of few rows would hold
    more than asked for at both ends.
    """
    counts = np.cumsum(weights)
    place = level * (counts[-1] + new)
    if place > counts[-1] * (1 + 1e-12):  # a rounding error of the product must not cost a row
        return np.inf
    # A row of weight 2 is two rows with the same score.
    places = np.column_stack([counts - np.maximum(weights - 1, 0), counts])
    return np.interp(place, places.ravel(), np.repeat(scores, 2))
