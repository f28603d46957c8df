"""Predictions for rows that the models, encoders and embedders have not seen."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from skfusion.fusion._sources import has_image
from skfusion.fusion._view_models import ViewModels

_SHUFFLES = 5


class OutOfFold(NamedTuple):
    """What the models of each view predict for rows of the folds they were not fitted on.

    Rows without any image have no predictions of views that see images (NaN).

    Attributes
    ----------
    predictions : dict of str to list of ndarray
        By view, one array a model.

    shuffled : dict of str to list of dict
        By source: predictions where the source's rows were shuffled inside each fold, several
        times.

    fold : ndarray of int of shape (n_rows,)
        In which fold each row was left out.

    imaged : ndarray of bool of shape (n_rows,)
        Which rows have an image.
    """

    predictions: dict[str, Any]
    shuffled: dict[str, Any]
    fold: np.ndarray
    imaged: np.ndarray


def predict_out_of_fold(sources, maker, views, rows, y, folds, images, options):
    """Fit on all folds but one, predict that one; for each.

    Parameters
    ----------
    sources : Sources
        Copied for each fold.

    maker : ModelMaker
        Gives the models.

    views : list of str
        The views to predict from.

    rows : DataFrame of shape (n_rows, n_columns)
        The table with its images.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    folds : list of tuple (train, test)
        Row numbers.

    images : ndarray of shape (n_rows, n_features) or None
        The features of all images, if they don't depend on the rows fitted.

    options : dict
        `n_classes`, `groups`, `seed` and `n_jobs`.

    Returns
    -------
    out_of_fold : OutOfFold
        For all rows.
    """
    groups = options["groups"]

    def parts(train, test):
        ours, theirs = (None, None) if images is None else (images[train], images[test])
        return (
            (rows.iloc[train], y[train], None if groups is None else groups[train], ours),
            (rows.iloc[test], theirs),
        )

    seeds = np.random.default_rng(options["seed"]).integers(2**31, size=len(folds))
    results = Parallel(n_jobs=options["n_jobs"])(
        delayed(_predict_fold)(
            sources.copy(),
            ViewModels(maker, views, options["n_classes"]),
            *parts(train, test),
            seed,
        )
        for (train, test), seed in zip(folds, seeds, strict=True)
    )
    tests = [test for _, test in folds]
    fold = np.full(len(y), -1)
    imaged = np.ones(len(y), dtype=bool)
    for number, (test, result) in enumerate(zip(tests, results, strict=True)):
        fold[test] = number
        imaged[test] = result[2]
    predictions = _gathered([result[0] for result in results], tests, len(y))
    shuffled = {
        source: [
            _gathered([result[1][source][shuffle] for result in results], tests, len(y))
            for shuffle in range(_SHUFFLES)
        ]
        for source in results[0][1]
    }
    return OutOfFold(predictions, shuffled, fold, imaged)


def _predict_fold(sources, models, train, test, seed):
    rows, y, groups, images = train
    models.fit(sources.fit_transform(rows, y, groups, images), y)
    matrices = sources.transform(*test)
    imaged = np.ones(len(test[0]), dtype=bool)
    if "image" in matrices:
        imaged = has_image(matrices["image"])
    predictions = models.predict(matrices, imaged)
    shuffled = {}
    if len(matrices) > 1:
        generator = np.random.default_rng(seed)
        for source in matrices:
            orders = [_shuffled_order(source, imaged, generator) for _ in range(_SHUFFLES)]
            shuffled[source] = [
                _predict_shuffled(models, matrices, imaged, predictions, source, order)
                for order in orders
            ]
    return predictions, shuffled, imaged


def _shuffled_order(source, imaged, generator):
    """The rows in another order; for images, rows without one keep their places."""
    order = np.arange(len(imaged))
    places = np.flatnonzero(imaged) if source == "image" else order
    order[places] = generator.permutation(places)
    return order


def _predict_shuffled(models, matrices, imaged, predictions, source, order):
    """Predictions with one source's rows in another order; only joint models see both sources."""
    mixed = {**matrices, source: matrices[source][order]}
    joint = [view for view in models.views if view == "joint"]
    moved = {source: [values[order] for values in predictions[source]]}
    return {**predictions, **moved, **models.predict(mixed, imaged, joint)}


def _gathered(parts, tests, n_rows):
    """One array a model for all rows, from the folds' arrays."""
    gathered = {}
    for view, arrays in parts[0].items():
        gathered[view] = [np.full((n_rows, *array.shape[1:]), np.nan) for array in arrays]
    for test, part in zip(tests, parts, strict=True):
        for view, arrays in part.items():
            for whole, array in zip(gathered[view], arrays, strict=True):
                whole[test] = array
    return gathered
