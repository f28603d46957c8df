"""Compare what images show with what those of training rows show, by their features."""

import numpy as np
from sklearn.utils import get_tags

from skfusion.reports.drift._drift_line import ERRORS, DriftLine
from skfusion.reports.drift._image_facts import has_no_image

# Features move by less than so many standard deviations by chance, or without harm.
_SHIFT = 0.25
# So many images show what is usual; fewer than this do not.
_MOST_ROWS, _FEWEST_ROWS = 200, 10


def content_drift(source, rows, background):
    """Compare the mean features of a column of images with those of training rows.

    Parameters
    ----------
    source : ImageSource
        The column, and the transformers that read it.

    rows, background : DataFrame
        The rows, and rows of the training data. Of more than 200 with an image, evenly spaced
        ones are read.

    Returns
    -------
    lines : list of DriftLine
        One line. Its shift is the root mean square, over the features, of the difference of the
        means in standard deviations within both sets: a feature that is 0 in nearly all training
        rows has no deviation of its own. Without drift, it is near the square root of
        1 / n_rows + 1 / n_background. Empty with fewer than 10 images on either side, and for
        a network that was trained on such rows, whose features differ for that reason.
    """
    transformer, place = source.readers[0]
    if get_tags(transformer).target_tags.required:
        return []
    here, training = (_features(transformer, place, source, frame) for frame in (rows, background))
    if min(len(here), len(training)) < _FEWEST_ROWS:
        return []
    variances = [len(some) * some.var(axis=0) for some in (here, training)]
    deviations = np.sqrt(sum(variances) / (len(here) + len(training)))
    largest = np.maximum(np.abs(training).max(axis=0), np.abs(here).max(axis=0))
    varies = deviations > 1e-6 * (largest + 1e-12)
    moved = (here.mean(axis=0) - training.mean(axis=0))[varies] / deviations[varies]
    shift = float(np.sqrt((moved**2).mean())) if varies.any() else 0.0
    error = float(np.sqrt(1 / len(here) + 1 / len(training)))
    return [
        DriftLine(
            source.name,
            "content",
            f"features of {len(training)} images",
            f"moved by {shift:.2f} standard deviations (chance: {error:.2f})",
            shift,
            bool(shift > _SHIFT and shift > ERRORS * error),
        )
    ]


def _features(transformer, place, source, frame):
    """Return the features of the rows with an image, of this column only."""
    held = np.array([not has_no_image(cell) for cell in frame[source.name]])
    places = np.flatnonzero(held)
    if not len(places):
        return np.empty((0, 1))
    chosen = np.linspace(0, len(places) - 1, min(len(places), _MOST_ROWS)).astype(int)
    names = getattr(transformer, "feature_names_in_", None)
    some = frame.iloc[places[chosen]]
    X = list(some.iloc[:, 0]) if names is None else some[list(names)]
    features = np.asarray(transformer.transform(X), dtype=float)
    widths = [len(labels) for labels in transformer._labels()]
    start = sum(widths[:place])
    own = features[:, start : start + widths[place]]
    return own[~np.isnan(own).any(axis=1)]
