"""ConformalScores: how wrong predictions were for rows that the models had not seen."""

import numpy as np

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

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._conformal_scores import ConformalScores
    >>> scores = ConformalScores(np.arange(99.0), np.zeros(99), np.ones(99, bool), np.ones(99))
    >>> scores.find_quantiles(0.9, np.array([True, False])).tolist()
    [89.0, 0.0]
    """

    def __init__(self, scores, scores_without, has_image, weights):
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
        with_image = _find_quantile(*self._with_image, level)
        without_image = _find_quantile(*self._without_image, level)
        return np.where(has_image, with_image, without_image)

    def find_lower_quantiles(self, level, has_image):
        """Return for each row the score that a share `level` of rows like it is not below."""
        groups = (self._with_image, self._without_image)
        lower = [-_find_quantile(-scores[::-1], weights[::-1], level) for scores, weights in groups]
        return np.where(has_image, *lower)


def _sort(scores, weights):
    order = np.argsort(scores, kind="stable")
    return scores[order], weights[order]


def _find_quantile(scores, weights, level):
    """Return the lowest score with a share `level` of all rows, a new one included."""
    counts = np.cumsum(weights)
    # A rounding error of the product must not cost a row.
    place = np.searchsorted(counts, level * (counts[-1] + 1) * (1 - 1e-12))
    return scores[place] if place < len(scores) else np.inf
