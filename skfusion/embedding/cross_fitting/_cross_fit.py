"""Cross-fitting: columns of images from networks that were not trained on them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion.embedding.cross_fitting._form_choice import choose_form
from skfusion.embedding.cross_fitting._procrustes_map import fit_procrustes

# The share of rows that get out-of-fold columns where new rows get the networks' average.
_AVERAGE_SHARE = 0.5


@dataclass
class CrossFit:
    """The result of cross-fitting one image column.

    Parameters
    ----------
    network : Network
        For new rows.

    columns : ndarray of shape (n_images, n_columns)
        Of the images of the training rows.

    as_new : ndarray of shape (n_images, n_columns)
        What `network` gives for the same images, but for units that are dead in `columns`.

    report : dict
        How, and what was measured.
    """

    network: object
    columns: np.ndarray
    as_new: np.ndarray
    report: dict[str, Any]


def cross_fit(trainer, folds, form, reporter):
    """Train on all rows and on those of each fold, and combine the networks' columns.

    Parameters
    ----------
    trainer : ColumnTrainer
        Trains the networks.

    folds : list of tuple (train, test) of ndarray of int
        Rows of X; none for a network that is used as it is.

    form : "auto", "average" or float
        As in `CNNEmbedder`.

    reporter : EpochReporter
        Reports each epoch.

    Returns
    -------
    result : CrossFit
        The network and the columns.
    """
    final = trainer.train_final(reporter)
    in_sample = trainer.columns(final)
    report = {"column": trainer.images.column.name, "form": "in-sample"}
    if not folds:
        return CrossFit(final, in_sample, in_sample, report)
    folds = of_images(folds, trainer.images)
    networks = [trainer.train_fold(i, train, reporter) for i, (train, _) in enumerate(folds)]
    by_fold = [trainer.columns(network) for network in networks]
    axes = [
        fit_procrustes(columns, in_sample, train, test, trainer.channels)
        for columns, (train, test) in zip(by_fold, folds, strict=True)
    ]
    if form == "auto":
        key = None if trainer.cache is None else (final, *networks)
        form, losses = choose_form(trainer, by_fold, folds, axes, key)
        report |= losses
        if form == "in-sample":
            return CrossFit(final, in_sample, in_sample, report)
    share = _AVERAGE_SHARE if form == "average" else form
    unseen = out_of_fold(in_sample, by_fold, folds, axes)
    columns = mix_by_bernoulli(
        in_sample, unseen, share, trainer.config.training.seed, trainer.images.rows
    )
    report["form"] = form
    if form != "average":
        return CrossFit(final, columns, in_sample, report)
    network = trainer.averaged([final, *networks], axes)
    return CrossFit(network, columns, average(in_sample, by_fold, axes), report)


def of_images(folds, images):
    """Convert folds of rows of X to folds of the images of these rows."""
    result = [tuple(images.among_rows(rows) for rows in fold) for fold in folds]
    for number, (train, _) in enumerate(result):
        if len(train) == 0:
            raise ValueError(
                f"Fold {number} of cv has no image of {images.column.title} to train on. Pass "
                "a smaller cv, or cv=None for columns that are not cross-fitted."
            )
    return result


def average(in_sample, by_fold, axes):
    """Average the columns of the networks, in the axes of the final network."""
    total = in_sample.astype(np.float64)
    for columns, turned in zip(by_fold, axes, strict=True):
        total += turned.apply(columns)
    result = (total / (1 + len(by_fold))).astype(np.float32)
    _keep_dead(result, in_sample)
    return result


def out_of_fold(in_sample, by_fold, folds, axes):
    """Compute columns of each row from networks that were not trained on it.

    Parameters
    ----------
    in_sample : ndarray of shape (n_rows, n_columns)
        Columns of the network whose axes are wanted. Rows in no test set keep them.

    by_fold : list of ndarray of shape (n_rows, n_columns)
        Each fold's network's columns of all rows.

    folds : list of tuple (train, test) of ndarray of int
        Rows of each fold. Rows in several test sets get the mean.

    axes : list of ProcrustesMap
        From each fold's axes to those of `in_sample`.

    Returns
    -------
    columns : ndarray of shape (n_rows, n_columns), float32
        Out-of-fold columns.
    """
    total = np.zeros(in_sample.shape)
    times = np.zeros(len(in_sample), dtype=int)
    for columns, (_, test), turned in zip(by_fold, folds, axes, strict=True):
        total[test] += turned.apply(columns[test])
        times[test] += 1
    seen = times > 0
    result = np.array(in_sample, dtype=np.float32)
    result[seen] = total[seen] / times[seen, np.newaxis]
    _keep_dead(result, in_sample)
    return result


def _keep_dead(columns, in_sample):
    """Keep a unit that is dead in the final network constant.

    The map leaves noise in its column, which a scaler would blow up to the size of the others.
    """
    dead = (in_sample == in_sample[:1]).all(axis=0)
    columns[:, dead] = in_sample[0, dead]


def mix_by_bernoulli(in_sample, unseen, share, seed, rows):
    """Choose each row from one of two arrays at random: from `unseen` with probability `share`.

    `rows` are those of the images: all images of a row come from the same array.
    """
    distinct, back = np.unique(rows, return_inverse=True)
    from_unseen = (np.random.default_rng(seed).random(len(distinct)) < share)[back]
    return np.where(from_unseen[:, np.newaxis], unseen, in_sample).astype(np.float32)
