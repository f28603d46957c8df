"""RowModels: the fitted models that predict the rows of a report."""

from typing import Any, NamedTuple

import numpy as np

from skfusion.inspection._explain import explain


class RowModels(NamedTuple):
    """The fitted models that predict the rows of a report.

    Parameters
    ----------
    models : list of estimator
        One model for all rows, or the copy of each fold.

    folds : ndarray of int of shape (n_rows,) or None, default=None
        The fold that tested each row; None for one model.
    """

    models: list[Any]
    folds: np.ndarray | None = None

    def explain(self, X, places, **options):
        """Explain each row by the model that predicted it.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            All rows.

        places : sequence of int
            The positions of the rows to explain.

        **options : dict
            Further arguments of `explain`.

        Returns
        -------
        explained : list of tuple (Explanation, int)
            For each row, an explanation, and the position of the row in it.
        """
        places = np.asarray(places)
        folds = np.zeros(len(places), dtype=int) if self.folds is None else self.folds[places]
        explained = [None] * len(places)
        for fold in np.unique(folds):
            own = np.flatnonzero(folds == fold)
            found = explain(self.models[fold], X, rows=places[own], **options)
            for number, place in enumerate(own):
                explained[place] = found, number
        return explained
