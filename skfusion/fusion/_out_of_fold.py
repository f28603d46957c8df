"""Predictions for rows that models, encoders and embedders have not seen."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.parallel import Parallel, delayed

from skfusion.fusion._base_models import BaseModels
from skfusion.fusion._fusion_rows import FusionRows
from skfusion.fusion._source_encoder import SourceEncoder, find_rows_with_images


@dataclass(frozen=True)
class FoldFit:
    """What was fitted on all folds but one, and the rows of that one.

    Attributes
    ----------
    sources : SourceEncoder
        The fitted encoder of the sources, without its embedder.

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
    """

    sources: SourceEncoder
    models: dict[str, Any]
    test: np.ndarray
    table: pd.DataFrame
    matrices: dict[str, Any]
    has_image: np.ndarray
    predictions: dict[str, Any]


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


def fit_folds(sources, models, rows, folds, n_jobs):
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

    Returns
    -------
    fits : generator of FoldFit
        One for each fold, as soon as it is there.
    """
    return Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_fit_fold)(sources.copy(), _copies(models), rows.take(train), rows.take(test), test)
        for train, test in folds
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


def _copies(models):
    """Return unfitted models, which the process or thread of one fold may fit."""
    return {
        name: BaseModels(each.builder, each.feature_sets, each.n_classes, each.target_transform)
        for name, each in models.items()
    }


def _fit_fold(sources, models, train, test, positions):
    matrices = sources.fit_transform(train)
    for each in models.values():
        each.fit(matrices, train.y, train.sample_weight)
    matrices = sources.transform(test.table, test.images)
    has_image = np.ones(len(test), dtype=bool)
    if "image" in matrices:
        has_image = find_rows_with_images(matrices["image"])
    predictions = {
        name: each.predict(each.rotate(matrices, has_image), has_image)
        for name, each in models.items()
    }
    sources.embedder = None  # not used again; the fold's process need not send its networks
    return FoldFit(sources, models, positions, test.table, matrices, has_image, predictions)
