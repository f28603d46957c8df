"""Predictions beside the target: rows, confusion, residuals and calibration."""

import numpy as np
import pandas as pd
from scipy.stats import t

from skfusion.reports.evaluation._intervals import CONFIDENCE, wilson_interval

# Rows that a bin of the calibration has at least, and the most bins.
_ROWS_PER_BIN, _MOST_BINS = 15, 10


def prediction_table(predictions, y=None, folds=None):
    """Return one line per row: the target, the prediction and the probabilities of the classes."""
    columns = {} if y is None else {"y": y}
    columns["prediction"] = predictions.values
    if predictions.probabilities is not None:
        for label, values in zip(predictions.classes, predictions.probabilities.T, strict=True):
            columns[f"probability_{label}"] = values
    if folds is not None:
        columns["fold"] = folds
    return pd.DataFrame(columns).rename_axis("row")


def confusion_table(predictions, y):
    """Return the number of rows of each class (index) that each class (columns) was predicted."""
    n_classes = len(predictions.classes)
    counts = np.zeros((n_classes, n_classes), dtype=int)
    np.add.at(counts, (predictions.codes_of(y), predictions.codes_of(predictions.values)), 1)
    labels = predictions.classes.tolist()
    return pd.DataFrame(
        counts, index=pd.Index(labels, name="actual"), columns=pd.Index(labels, name="predicted")
    )


def residual_table(predictions, y):
    """Return the target, the prediction, and the residual: the target minus the prediction."""
    table = pd.DataFrame({"y": y.astype(float), "prediction": predictions.values})
    return table.assign(residual=table["y"] - table["prediction"]).rename_axis("row")


def calibration_table(predictions, y):
    """Compare predictions with what was observed, in bins of about as many rows.

    Parameters
    ----------
    predictions : RowPredictions
        The predictions.

    y : ndarray of shape (n_rows,)
        The target.

    Returns
    -------
    calibration : DataFrame or None
        A line per bin: `predicted`, the mean prediction; `observed`, what it should equal, with
        the ends `low` and `high` of its 95 % interval; and `n_rows`. Of two classes, this is the
        probability of the second one and its share; of several, that of the predicted class and
        the share of right predictions; of numbers, the prediction and the mean target. None with
        fewer than 30 rows, or without probabilities.

    Notes
    -----
    Intervals of shares are Wilson's (doi 10.1080/01621459.1927.10502953), those of means Student's.
    """
    pair = _predicted_and_observed(predictions, y)
    if pair is None or len(y) < 2 * _ROWS_PER_BIN:
        return None
    predicted, observed = pair
    n_bins = min(_MOST_BINS, len(y) // _ROWS_PER_BIN)
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, n_bins + 1)[1:-1]))
    bins = np.searchsorted(edges, predicted, side="left")  # equal predictions share a bin
    lines = [
        _describe_bin(predicted[bins == number], observed[bins == number], predictions.is_classes)
        for number in np.unique(bins)
    ]
    return pd.DataFrame(lines, columns=["predicted", "observed", "low", "high", "n_rows"])


def _predicted_and_observed(predictions, y):
    if not predictions.is_classes:
        return predictions.values, y.astype(float)
    probabilities = predictions.probabilities
    if probabilities is None:
        return None
    codes = predictions.codes_of(y)
    if predictions.is_binary:
        return probabilities[:, 1], (codes == 1).astype(float)
    best = probabilities.argmax(axis=1)
    return probabilities.max(axis=1), (best == codes).astype(float)


def _describe_bin(predicted, observed, is_share):
    mean, n_rows = observed.mean(), len(observed)
    if is_share:
        low, high = wilson_interval(observed.sum(), n_rows)
    elif n_rows > 1:
        half = t.ppf((1 + CONFIDENCE) / 2, n_rows - 1) * observed.std(ddof=1) / np.sqrt(n_rows)
        low, high = mean - half, mean + half
    else:
        low = high = np.nan
    return predicted.mean(), mean, float(low), float(high), n_rows
