"""compare: table, images, fusions and other estimators on the same splits."""

import datetime
import shutil
import tempfile
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from skfusion._utils.typing import ImageInput, PathLike, RandomState
from skfusion.reports._check_target import check_target
from skfusion.reports._run_facts import list_versions
from skfusion.reports.comparison._comparison import Comparison
from skfusion.reports.comparison._comparison_rows import ComparisonRows
from skfusion.reports.comparison._evaluate import evaluate
from skfusion.reports.comparison._make_candidates import check_candidates, make_candidates
from skfusion.reports.comparison._make_splits import make_splits
from skfusion.reports.comparison._paired_intervals import CONFIDENCE
from skfusion.reports.comparison._tabulate import tabulate
from skfusion.reports.html._page_file import check_page_path
from skfusion.store._as_store import as_store
from skfusion.store._backend_registry import get_backend
from skfusion.store._feature_store import FeatureStore


def compare(
    estimators: Any,
    X: ImageInput,
    y: ArrayLike,
    *,
    cv: Any = 5,
    groups: ArrayLike | None = None,
    scoring: Any = None,
    n_repeats: int = 3,
    sample_weight: ArrayLike | None = None,
    fusion: Any = None,
    path: PathLike | None = None,
    title: str | None = None,
    cache: PathLike | FeatureStore | None = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    verbose: int = 0,
) -> Comparison:
    """Compare table, images, fusions and other estimators on the same splits.

    Each estimator is fitted and scored on the same splits of the rows, so that differences are
    paired. The result has scores, differences with intervals, the costs of training and
    prediction, and a verdict in words: what the images add to the table, and the table to the
    images. The command ``skfusion compare table.csv --image photo --target y`` does the same.

    Parameters
    ----------
    estimators : FusionClassifier, FusionRegressor, dict or list
        What to compare. A fusion alone means its sources and strategies: "table", "image",
        "early", "late", "stacked", "auto" and "concat". A dict has estimators by name, a list has
        estimators or pairs (name, estimator). In both, a name of a source or strategy may take
        the place of an estimator: "table" and "image" are models of one source; "early", "late",
        "stacked", "joint" and "auto" are fusions with this strategy; "concat" is one linear model
        of all columns side by side, standardized; "constant" predicts the same for all rows.

    X : DataFrame, Series, list or ndarray
        The rows, in a form that the estimators take; with names of sources, a table some of whose
        columns hold images.

    y : array-like of shape (n_rows,)
        The target.

    cv : int, splitter or iterable, default=5
        The splits. An int means shuffled folds, stratified by class and drawn `n_repeats` times;
        with `groups`, no group is split.

    groups : array-like of shape (n_rows,), default=None
        Rows of one group, such as a patient, stay together. Estimators whose `fit` takes groups
        get them.

    scoring : str, callable or None, default=None
        The score, as in scikit-learn: higher is better. None is "roc_auc" for two classes,
        "accuracy" for more, and "r2" for numbers.

    n_repeats : int, default=3
        How often the folds of an int `cv` are drawn.

    sample_weight : array-like of shape (n_rows,), default=None
        Weights of the rows, 0 or more, in fits and scores.

    fusion : FusionClassifier, FusionRegressor or None, default=None
        The fusion that names stand for, with its embedder, models and options. None is one with
        its defaults, of the kind that the target needs.

    path : str, PathLike or None, default=None
        A file for the HTML page, written as a whole or not at all; an existing one is replaced.

    title : str or None, default=None
        The title. None is "Comparison".

    cache : str, PathLike, FeatureStore or None, default=None
        Where features of images are kept; passed on to all transformers of images that have no
        cache. None is a temporary folder. An image is computed once by each network, over all
        splits and estimators, unless the network is trained in `fit`.

    n_jobs : int or None, default=None
        How many fits at once, after the first split.

    random_state : int, RandomState instance or None, default=None
        Draws the folds, and is the random state of estimators that are made by name. Pass an int
        for the same splits in each call.

    verbose : int, default=0
        1 shows a progress bar with the time that is left.

    Returns
    -------
    comparison : Comparison
        ``print(comparison)`` shows it; ``comparison.to_html(path)`` writes it as a page.

    Raises
    ------
    TypeError
        If an estimator is no classifier or regressor.

    ValueError
        If there are fewer than two estimators, if classifiers and regressors are mixed, if a split
        tests rows that it fits on, or if a score is not defined. An error in a fit or a score
        names the estimator and the split.

    ExtraNotFoundError
        If `path` is given and Jinja2 isn't installed: ``pip install 'skfusion[report]'``.

    See Also
    --------
    ComparisonDisplay : Draw scores or differences.
    FusionClassifier, FusionRegressor : Choose a strategy by inner folds.
    report : Scores and explanations of one model.

    Notes
    -----
    Intervals are those of the corrected t-test over splits (Nadeau and Bengio, doi
    10.1023/A:1024068626366; for repeated folds Bouckaert and Frank, doi
    10.1007/978-3-540-24775-3_3): with J splits, the variance of the mean is
    ``(1 / J + n_test / n_train)`` times the variance over splits, since splits share training
    rows. They assume that the rows fitted on and tested in a split are apart, and that these parts
    are of similar size in all splits. One split has no interval. Where two estimators differ by the
    same in all splits, the standard deviation is taken to be one row in a test part. Intervals are
    not corrected for the number of pairs.

    To judge what a source adds, the verdict compares the better model of the other source alone
    with one fusion, which is not chosen by its score: "stacked", or else the first of "late",
    "early", "joint", "auto", or the first estimator of both sources.

    Costs are those without a cache: the time that computing the cached features took is added. They
    are means over all splits but the first, and leave out the time of reading and decoding images.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import FusionClassifier, PixelFlattener, compare
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), noise=2, random_state=0)
    >>> models = {name: LogisticRegression() for name in ("table", "image", "joint")}
    >>> fusion = FusionClassifier(PixelFlattener(), estimators=models, cv=3)
    >>> found = compare(
    ...     ["table", "image", "stacked"],
    ...     data.frame,
    ...     data.target,
    ...     fusion=fusion,
    ...     cv=3,
    ...     n_repeats=1,
    ...     random_state=0,
    ... )
    >>> list(found.scores.index)
    ['table', 'image', 'stacked']
    >>> print(found.verdict)  # doctest: +ELLIPSIS
    The images add ...
    """
    check_scalar(n_repeats, "n_repeats", Integral, min_val=1)
    if path is not None:
        check_page_path(path)
    y = check_target(y)
    if isinstance(groups, str):
        raise TypeError(f"groups must have one entry for each row; pass X[{groups!r}].")
    check_consistent_length(X, y, groups, sample_weight)
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    candidates, table, roles = make_candidates(estimators, fusion, X, y, seed)
    is_classes = check_candidates(candidates, sample_weight)
    scorer, scoring = _choose_scorer(scoring, y, is_classes)
    rows = ComparisonRows(X, table, y, _as_array(groups), _check_weights(sample_weight, y))
    splits, n_repeats = make_splits(cv, n_repeats, y, rows.groups, seed, is_classes)
    with _shared_cache(cache) as store:
        cached = [candidate.with_cache(store) for candidate in candidates]
        outcomes = evaluate(cached, rows, splits, scorer, n_jobs, verbose)
    found = Comparison(
        title="Comparison" if title is None else str(title),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        protocol={
            "scoring": scoring,
            "n_rows": len(y),
            "n_without_image": _count_rows_without_image(table, roles),
            "n_groups": None if rows.groups is None else len(np.unique(rows.groups)),
            "n_splits": len(splits),
            "n_repeats": n_repeats,
            "confidence": CONFIDENCE,
        },
        **tabulate([candidate.name for candidate in candidates], outcomes, splits, scoring),
        versions=list_versions(),
    )
    if path is not None:
        found.to_html(path)
    return found


def _as_array(groups):
    return None if groups is None else np.asarray(groups)


def _check_weights(sample_weight, y):
    if sample_weight is None:
        return None
    return _check_sample_weight(sample_weight, y, ensure_non_negative=True)


def _choose_scorer(scoring, y, is_classes):
    """Return the scorer and its name."""
    if scoring is None:
        of_classes = "roc_auc" if len(np.unique(y)) == 2 else "accuracy"
        scoring = of_classes if is_classes else "r2"
    if isinstance(scoring, str):
        return get_scorer(scoring), scoring
    if not callable(scoring):
        raise TypeError(
            f"scoring must be the name of a score or a function, got {scoring!r}. For several "
            "scores, call compare once for each, with the same random_state and cache."
        )
    function = getattr(scoring, "_score_func", scoring)  # of make_scorer
    return scoring, getattr(function, "__name__", "score")


@contextmanager
def _shared_cache(cache):
    """Yield the store of all estimators; a temporary one is removed in the end."""
    if cache is not None:
        yield as_store(cache)
        return
    folder = tempfile.mkdtemp(prefix="skfusion-compare-")
    try:
        yield FeatureStore(folder)
    finally:
        get_backend(folder).close()
        shutil.rmtree(folder, ignore_errors=True)


def _count_rows_without_image(table, roles):
    if roles is None or not roles.image:
        return None
    return int(table[roles.image].isna().all(axis=1).sum())
