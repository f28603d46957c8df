"""Predictions of each strategy for rows that it has not seen."""

import numpy as np

from skfusion.fusion._combination import FEATURE_SETS_OF, Combination


def select_rows(predictions, rows):
    """Return predictions for some rows."""
    return {name: [values[rows] for values in arrays] for name, arrays in predictions.items()}


def combine(combination, predictions, has_image, fallback):
    """Combine predictions for all rows, with or without an image.

    Parameters
    ----------
    combination : Combination
        The fitted strategy.

    predictions : dict of str to list of ndarray
        By feature set. NaN of rows without an image is not used.

    has_image : ndarray of bool of shape (n_rows,)
        Which rows have an image.

    fallback : Combination or ndarray
        The prediction for rows without an image: the table's where there is a table, else the
        share of each class or the mean.

    Returns
    -------
    prediction : ndarray of shape (n_rows,) or (n_rows, n_classes)
        One prediction a row.
    """
    if has_image.all() or combination.strategy == "table":
        return combination.predict(predictions)
    with_image = combination.predict(select_rows(predictions, has_image))
    combined = np.empty((len(has_image), *with_image.shape[1:]))
    combined[has_image] = with_image
    if isinstance(fallback, Combination):
        combined[~has_image] = fallback.predict(select_rows(predictions, ~has_image))
    else:
        combined[~has_image] = fallback
    return combined


def fit_combination(strategy, out_of_fold, rows, prior):
    """Fit a strategy on some rows.

    Parameters
    ----------
    strategy : str
        The strategy.

    out_of_fold : OutOfFold
        Predictions of all models for rows that they have not seen.

    rows : ndarray of bool of shape (n_rows,)
        The rows to learn from.

    prior : float or ndarray
        The prediction for rows without an image where there is no table.

    Returns
    -------
    combination : Combination
        The fitted strategy.

    fallback : Combination or ndarray
        As in `combine`.
    """
    combination = _fit(strategy, out_of_fold, rows)
    if strategy == "table":
        return combination, combination
    # Also where all rows have an image: new rows may have none.
    if "table" in out_of_fold.predictions:
        return combination, _fit("table", out_of_fold, rows)
    return combination, prior


def cross_validate_strategy(strategy, out_of_fold, prior):
    """Predict by a strategy for rows that its weights were not fitted on either.

    Parameters
    ----------
    strategy : str
        The strategy.

    out_of_fold : OutOfFold
        Predictions of all models for rows that they have not seen.

    prior : float or ndarray
        The prediction for rows without an image where there is no table.

    Returns
    -------
    prediction : ndarray of shape (n_rows,) or (n_rows, n_classes)
        One prediction a row.
    """
    shape = out_of_fold.predictions[FEATURE_SETS_OF[strategy][0]][0].shape
    prediction = np.empty(shape)
    for fold, test in enumerate(out_of_fold.places):
        others = out_of_fold.others(fold)
        combination, fallback = fit_combination(strategy, out_of_fold, others, prior)
        chosen = select_rows(out_of_fold.predictions, test)
        prediction[test] = combine(combination, chosen, out_of_fold.has_image[test], fallback)
    return prediction


def _fit(strategy, out_of_fold, rows):
    rows = rows if strategy == "table" else rows & out_of_fold.has_image
    predictions = select_rows(out_of_fold.predictions, rows)
    y, weights = out_of_fold.rows.y[rows], out_of_fold.rows.weights[rows]
    return Combination(strategy).fit(predictions, y, weights)
