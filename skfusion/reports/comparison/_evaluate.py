"""Fit and score all candidates of a comparison on the same splits."""

import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from skfusion._utils.messages import join_names
from skfusion._utils.progress import progress_bar
from skfusion.exceptions import ImageDriftWarning, UnreadableImageWarning
from skfusion.inspection._image_sources import find_image_transformers, find_sources


@dataclass(frozen=True)
class Outcome:
    """The outcome of one candidate in one split.

    Attributes
    ----------
    score : float
        Of the test rows, higher is better.

    fit_seconds, predict_seconds : float
        The time of both parts, with the time that caches saved.

    sources : {"table", "image", "both", "none"}
        What the candidate learns from.
    """

    score: float
    fit_seconds: float
    predict_seconds: float
    sources: str


def evaluate(candidates, rows, splits, scorer, n_jobs=None, verbose=0):
    """Fit and score each candidate in each split.

    Parameters
    ----------
    candidates : list of Candidate
        What to compare.

    rows : ComparisonRows
        All rows.

    splits : list of tuple (train, test) of ndarray of int
        Positions of rows.

    scorer : callable
        ``scorer(model, X, y)``, higher is better.

    n_jobs : int or None, default=None
        How many fits at once.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    outcomes : list of list of Outcome
        By split, then by candidate.
    """
    n_fits = len(splits) * len(candidates)
    outcomes = [[None] * len(candidates) for _ in splits]
    with progress_bar(verbose, total=n_fits, description="compare", unit="fit") as bar:
        # The first split alone: it fills the cache of features, so that no two processes compute
        # the same image.
        for start, jobs in (([0], None), (range(1, len(splits)), n_jobs)):
            tasks = [(split, place) for split in start for place in range(len(candidates))]
            done = Parallel(n_jobs=jobs, return_as="generator")(
                delayed(_run)(
                    _with_sources(candidates, outcomes, place), rows, splits, split, scorer
                )
                for split, place in tasks
            )
            for (split, place), outcome in zip(tasks, done, strict=True):
                outcomes[split][place] = outcome
                bar.update()
    return outcomes


def _with_sources(candidates, outcomes, place):
    """Return a candidate with the sources that were found in the first split."""
    first = outcomes[0][place]
    return candidates[place] if first is None else replace(candidates[place], sources=first.sources)


def _run(candidate, rows, splits, number, scorer):
    with _warning_once(number):
        train, test = splits[number]
        X, X_test = (rows.take(candidate.columns, part) for part in (train, test))
        estimator, stores = clone(candidate.estimator), candidate.list_stores()
        with _naming(candidate, train, number, len(splits)), _timed(stores) as fit_time:
            estimator.fit(X, rows.y[train], **rows.fit_arguments(estimator, train))
        with _naming(candidate, test, number, len(splits)), _timed(stores) as predict_time:
            score = _score(estimator, X_test, rows, test, scorer)
    sources = candidate.sources or _find_sources(estimator, X)
    return Outcome(score, fit_time[0], predict_time[0], sources)


def _score(estimator, X, rows, test, scorer):
    weights = {} if rows.sample_weight is None else {"sample_weight": rows.sample_weight[test]}
    score = float(scorer(estimator, X, rows.y[test], **weights))
    if not np.isfinite(score):
        raise ValueError(
            f"the score of its {len(test)} test rows is {score}. Pass another scoring, or splits "
            "with more test rows."
        )
    return score


@contextmanager
def _warning_once(number):
    """Leave out warnings of images after the first split, which has all rows."""
    with warnings.catch_warnings():
        if number:
            warnings.simplefilter("ignore", UnreadableImageWarning)
            warnings.simplefilter("ignore", ImageDriftWarning)
        yield


@contextmanager
def _timed(stores):
    """Yield a list that gets the seconds of a block, as if nothing had been cached before."""
    seconds, saved = [], _saved_seconds(stores)
    started = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - started + _saved_seconds(stores) - saved)


def _saved_seconds(stores):
    return sum(store.stats()["session"]["seconds_saved"] for store in stores)


@contextmanager
def _naming(candidate, positions, number, n_splits):
    """Let errors name the candidate, the split, and the rows of X."""
    try:
        yield
    except Exception as error:
        place = f"{candidate.title} failed in split {number} of {n_splits}: "
        rows = [int(positions[row]) for row, *_ in getattr(error, "failures", ())]
        if rows:
            listed = join_names(f"row {row}" for row in dict.fromkeys(rows))
            place += f"in X, {listed}; in the rows of the split: "
        if len(error.args) == 1 and str(error) == error.args[0]:
            error.args = (place + error.args[0],)
        else:
            error.add_note(place.removesuffix(": "))
        if hasattr(error, "problem"):  # see `with_remedies`
            error.problem = place + error.problem
        raise


def _find_sources(estimator, X):
    """Return what a fitted estimator of the user learns from."""
    if not find_image_transformers(estimator):
        return "table"
    try:
        table = find_sources(estimator, [str(name) for name in getattr(X, "columns", [])])[1]
    except ValueError:  # its columns have no names, or it does not use its images
        return "both"
    return "both" if table else "image"
