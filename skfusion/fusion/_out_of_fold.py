"""Predictions for rows that models, encoders and embedders have not seen."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.parallel import Parallel, delayed

from skfusion.fusion._candidate_log import CandidateLog
from skfusion.fusion._fusion_checks import check_any_image
from skfusion.fusion._fusion_rows import FusionRows
from skfusion.fusion._source_encoder import SourceEncoder, find_rows_with_all


@dataclass(frozen=True)
class FoldFit:
    """Models fitted on all folds but one, and the rows of that one.

    Attributes
    ----------
    sources : SourceEncoder
        The fitted encoder of the sources, without its embedders.

    models : dict of {str or None} to BaseModels
        The fitted models, by transform of the target.

    test : ndarray of int
        The positions of the fold's rows.

    table : DataFrame
        The fold's rows.

    matrices : dict of str to ndarray
        The fold's rows, by source.

    has_image : ndarray of bool
        Which of the fold's rows have an image.

    predictions : dict of {str or None} to dict of str to list of ndarray
        Predictions for the fold's rows, by transform and feature set.

    log : CandidateLog
        The time of embedders and models, and those that were left out.
    """

    sources: SourceEncoder
    models: dict[str, Any]
    test: np.ndarray
    table: pd.DataFrame
    matrices: dict[str, Any]
    has_image: np.ndarray
    predictions: dict[str, Any]
    log: CandidateLog = field(default_factory=CandidateLog)

    def keep(self, names):
        """Drop the models that are not named, and their predictions."""
        for target_transform, models in self.models.items():
            models.keep(names, self.predictions[target_transform])


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of the models of each feature set for rows that they were not fitted on.

    Rows without an image have no predictions of feature sets with images (NaN).

    Attributes
    ----------
    rows : FusionRows
        The rows that folds left out. One that several folds left out is repeated, its weight is
        divided among the copies, and these are a group.

    predictions : dict of str to list of ndarray
        By feature set, one array a model.

    has_image : ndarray of bool of shape (n_rows,)
        Which rows have an image.

    positions : ndarray of int of shape (n_rows,)
        The positions of the rows among those of `fit`.

    places : list of ndarray of int
        For each fold the places of its rows in the arrays above.
    """

    rows: FusionRows
    predictions: dict[str, Any]
    has_image: np.ndarray
    positions: np.ndarray
    places: list[np.ndarray]

    @property
    def n_folds(self):
        """int : How many folds leave out as many rows as there are."""
        return round(len(self.places) * len(np.unique(self.positions)) / len(self.positions))

    def others(self, fold):
        """Return a mask of the rows that a fold did not leave out."""
        return ~np.isin(self.positions, self.positions[self.places[fold]])


def fit_folds(sources, models, rows, folds, n_jobs, skipped=(), deadline=np.inf):
    """Fit on all folds but one and predict that one, for each fold in order.

    Parameters
    ----------
    sources : SourceEncoder
        Copied for each fold.

    models : dict of {str or None} to BaseModels
        Unfitted models, by transform of the target.

    rows : FusionRows
        All rows.

    folds : list of tuple (train, test)
        Positions of rows.

    n_jobs : int or None
        How many folds at once.

    skipped, deadline : collection of str, float
        Which candidates are left out, and when the last one may start, as in `CandidateLog`.

    Returns
    -------
    fits : generator of FoldFit
        One for each fold, as soon as it is there.
    """
    return Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_fit_fold)(
            sources.copy(),
            {name: each.copy() for name, each in models.items()},
            rows.take(train),
            rows.take(test),
            test,
            CandidateLog(skipped, deadline),
        )
        for train, test in folds
    )


def keep_common(fits):
    """Keep the models that were fitted in all folds.

    Parameters
    ----------
    fits : list of FoldFit
        The folds. Their models and predictions are changed.

    Raises
    ------
    ValueError
        If a feature set has no model that was fitted in all folds.
    """
    names = set.intersection(*(set(each.names) for fit in fits for each in fit.models.values()))
    for fit in fits:
        fit.keep(names)
    for feature_set, models in next(iter(fits[0].models.values())).models_.items():
        if not models:
            reasons = {name: note[1] for fit in fits for name, note in fit.log.left_out.items()}
            raise ValueError(
                f"No model of estimators[{feature_set!r}] was fitted in all inner folds: {reasons}."
            )


def gather(fits, rows, target_transform):
    """Return the predictions of all folds for one transform of the target.

    Parameters
    ----------
    fits : list of FoldFit
        The folds.

    rows : FusionRows
        All rows.

    target_transform : str or None
        The transform.
    """
    sizes = [len(fit.test) for fit in fits]
    positions = np.concatenate([fit.test for fit in fits])
    order = np.argsort(positions, kind="stable")
    parts = [fit.predictions[target_transform] for fit in fits]
    predictions = {
        name: [
            np.concatenate(arrays)[order]
            for arrays in zip(*(part[name] for part in parts), strict=True)
        ]
        for name in parts[0]
    }
    return OutOfFold(
        _take(rows, positions[order]),
        predictions,
        np.concatenate([fit.has_image for fit in fits])[order],
        positions[order],
        np.split(np.argsort(order), np.cumsum(sizes)[:-1]),
    )


def _take(rows, positions):
    """Return rows as often as folds left them out, with as large a part of their weight."""
    if np.array_equal(positions, np.arange(len(rows))):
        return rows
    counts = np.bincount(positions)
    taken = rows.take(positions)
    if counts.max() == 1:
        return taken
    groups = positions if rows.groups is None else taken.groups
    weights = taken.weights / counts[positions]
    return replace(taken, groups=groups, sample_weight=weights)


def _fit_fold(sources, models, train, test, positions, log):
    matrices = sources.fit_transform(train, log=log)
    check_any_image(find_rows_with_all(matrices), sources.image_columns)
    test_matrices = sources.transform(test.table, test.images)
    has_image = find_rows_with_all(test_matrices)
    predictions = {}
    for name, each in models.items():
        if each.builder.takes_rows:
            matrices["rows"], test_matrices["rows"] = train.table, test.table
        each.fit(matrices, train.y, train.sample_weight, train.groups, log)
        predictions[name] = each.predict_unseen(
            each.rotate(test_matrices, has_image), has_image, log
        )
    sources.embedders = {}  # not used again; the fold's process need not send its networks
    return FoldFit(
        sources, models, positions, test.table, test_matrices, has_image, predictions, log
    )
