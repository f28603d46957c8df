"""report: scores, explanations and drift of a fitted model on some rows."""

import datetime
import time
import warnings
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing, check_random_state

from skfusion._utils.typing import ImageInput, PathLike, RandomState
from skfusion.exceptions import ImageDriftWarning, ImageReadError
from skfusion.inspection._image_sources import find_image_transformers
from skfusion.inspection._rows_as_frame import find_places
from skfusion.reports._choose_rows import choose_rows
from skfusion.reports._explain_rows import explain_rows, find_obstacle, source_shares
from skfusion.reports._limits import list_limits
from skfusion.reports._model_report import ModelReport
from skfusion.reports._report_rows import check_report_rows
from skfusion.reports._row_models import RowModels
from skfusion.reports._run_facts import describe_model, list_versions
from skfusion.reports.drift._drift_table import drift_table
from skfusion.reports.evaluation._fold_predictions import predict_out_of_fold
from skfusion.reports.evaluation._intervals import CONFIDENCE
from skfusion.reports.evaluation._outcome_tables import (
    calibration_table,
    confusion_table,
    prediction_table,
    residual_table,
)
from skfusion.reports.evaluation._row_predictions import predict_rows
from skfusion.reports.evaluation._score_table import score_table
from skfusion.reports.html._page_file import check_page_path


def report(
    model: Any,
    X: ImageInput,
    y: ArrayLike | None = None,
    *,
    path: PathLike | None = None,
    background: ImageInput | None = None,
    rows: ArrayLike | None = None,
    cv: Any = None,
    groups: ArrayLike | None = None,
    title: str | None = None,
    regions: bool = True,
    random_state: RandomState = None,
) -> ModelReport:
    """Report how good a fitted model is on some rows, what it responds to, and where it may fail.

    The report has scores with intervals, confusion or residuals, calibration, the shares of table
    and images, explanations of some rows with regions of their images, differences from the
    training data, versions, timings and limits. All of it is data; text and one HTML page without
    scripts show the same data. The command ``skfusion report model.joblib table.csv --target y``
    does the same.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor of one target, whose input has columns of images: a
        pipeline, a search, a fusion, stacking.

    X : DataFrame, Series, list or ndarray
        The rows, in a form that the model predicts. Rows that it was not fitted on give honest
        scores.

    y : array-like of shape (n_rows,), default=None
        The target. None leaves out the scores.

    path : str, PathLike or None, default=None
        A file for the HTML page, written as a whole or not at all; an existing one is replaced.

    background : DataFrame, Series, list or ndarray, default=None
        Rows of the training data: explanations are relative to the mean of their predictions,
        and `X` is compared with them. None uses the rows of `X` for explanations, and compares
        with what the model recorded in `fit`.

    rows : array-like of int, default=None
        The positions of the rows to explain, from 0. None chooses at most four: large errors,
        uncertain and certain predictions. An empty list explains none.

    cv : int, splitter, iterable or None, default=None
        The folds for out-of-fold scores, in which copies of the model are fitted. Each row is
        predicted and explained by the copy that did not see it. None scores and explains the
        model itself. With an integer, groups are not split.

    groups : array-like of shape (n_rows,), default=None
        Rows of one group, such as a patient, are not independent: intervals count groups, and
        folds keep them together.

    title : str or None, default=None
        The title. None is "Model report".

    regions : bool, default=True
        Whether the regions of images are computed for the explained rows. They take up to 150
        passes of a network for each image.

    random_state : int, RandomState instance or None, default=None
        Draws resamples and rows of the background. Pass an int for the same numbers in each call.

    Returns
    -------
    report : ModelReport
        ``print(report)`` shows it; ``report.to_dict()`` returns it as plain data.

    Raises
    ------
    NotFittedError
        If the model isn't fitted.

    TypeError
        If it is no classifier or regressor.

    ValueError
        If it uses no column of images or predicts several targets; if `y` has a class that the
        model does not have; if a row does not exist.

    ImageReadError
        If images are missing or can't be read, as in `predict`.

    ExtraNotFoundError
        If `path` is given and Jinja2 isn't installed: ``pip install 'skfusion[report]'``.

    See Also
    --------
    explain : Explain rows alone.
    check_images : Report on images before training.

    Notes
    -----
    Intervals cover 95 %. Those of proportions of independent rows are Wilson's
    (doi 10.1080/01621459.1927.10502953), the others are percentiles of 1000 bootstrap resamples
    of the rows, or of the groups (doi 10.1214/ss/1032280214). They do not include the chance in
    the training.

    A column differs from the training data if its difference is both large and larger than chance
    explains: means that move by more than a quarter of a standard deviation, shares of missing
    rows that rise by more than 20 percentage points, more than 5 % of new categories or of values
    outside the range, more than 20 % of images of unusual size. With `background`, features of
    images are compared too, unless their network was trained in `fit`.

    Examples
    --------
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion import PixelFlattener, report
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), n_columns=2, noise=2, random_state=0)
    >>> X, y = data.frame, data.target
    >>> columns = make_column_transformer(
    ...     (PixelFlattener(), ["image"]), ("passthrough", ["number_0", "number_1"])
    ... )
    >>> model = make_pipeline(columns, LogisticRegression(C=1e-6)).fit(X[:30], y[:30])
    >>> found = report(model, X[30:], y[30:], background=X[:30], random_state=0)
    >>> list(found.scores.index)[:2]
    ['accuracy', 'balanced_accuracy']
    >>> [one.reason for one in found.explanations]
    ['wrong and certain', 'wrong and certain', 'least certain', 'right and certain']
    """
    started = time.perf_counter()
    timings: dict[str, float] = {}
    if path is not None:
        check_page_path(path)
    checked, training = check_report_rows(model, X, y, groups, background)
    chosen = _check_rows(rows, checked.table)
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    with _without_drift_warnings(model):  # the report itself shows the drift
        with _timed(timings, "predict" if cv is None else "folds"):
            predictions, protocol, parts = _predict(model, checked, cv, timings)
        chosen = choose_rows(predictions, checked.y) if chosen is None else chosen
        options = {"background": training, "regions": regions, "seed": seed}
        explained, obstacle = _explain(parts, checked, predictions, chosen, timings, **options)
        with _timed(timings, "drift"):
            drift = drift_table(model, _new_columns(checked, cv, training), training)
    protocol["n_explained"] = explained.pop("n_explained")
    with _timed(timings, "scores"):
        outcomes = _outcomes(predictions, checked, seed)
    timings["total"] = time.perf_counter() - started
    made = ModelReport(
        title="Model report" if title is None else str(title),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        model=describe_model(model, checked),
        protocol=protocol,
        **outcomes,
        predictions=prediction_table(predictions, checked.y, parts.folds),
        **explained,
        drift=drift,
        versions=list_versions(),
        timings=timings,
        limits=obstacle,
    )
    made.limits += list_limits(made, has_background=training is not None)
    if path is not None:
        made.to_html(path)
    return made


def _check_rows(rows, table):
    """Return the rows to explain as a dict of reasons; None where they are to be chosen."""
    if rows is None:
        return None
    if np.size(rows) == 0:
        return {}
    return dict.fromkeys(find_places(table, rows).tolist(), "asked for")


def _predict(model, rows, cv, timings):
    """Return the predictions, how they were made, and by which models."""
    if cv is not None and rows.y is None:
        raise ValueError("cv needs y: out-of-fold scores compare predictions with a target.")
    protocol = {
        "rows": "given" if cv is None else "out-of-fold",
        "n_rows": len(rows.table),
        "n_folds": None,
        "n_groups": None if rows.groups is None else len(np.unique(rows.groups)),
        "confidence": CONFIDENCE,
    }
    if cv is not None:
        predictions, folds, models = predict_out_of_fold(model, rows.X, rows.y, cv, rows.groups)
        protocol["n_folds"] = int(folds.max()) + 1
        return predictions, protocol, RowModels(models, folds)
    _start(model, rows.X)
    started = time.perf_counter()
    predictions = predict_rows(model, rows.X)
    seconds = time.perf_counter() - started
    timings["milliseconds_per_row"] = 1000 * seconds / len(rows.table)
    return predictions, protocol, RowModels([model])


def _start(model, X):
    """Predict one row, so that loading and compiling networks are not counted for each row."""
    with suppress(ImageReadError):  # all rows are named when all are predicted
        predict_rows(model, _safe_indexing(X, [0]))


def _new_columns(rows, cv, background):
    """Return the rows without columns if they are those of the training, as in folds."""
    if cv is None or background is not None:
        return rows
    return rows._replace(sources=[], table_columns=[])


def _explain(models, rows, predictions, chosen, timings, *, background, regions, seed):
    """Return the shares of sources and the explained rows, and why there are none, if so."""
    explained = {"sources": None, "explanations": [], "n_explained": 0}
    obstacle = find_obstacle(predictions, rows, background) if chosen else ""
    if obstacle or not chosen:
        return explained, [obstacle] if obstacle else []
    options = {"background": background, "seed": seed}
    with _timed(timings, "sources"):
        found = source_shares(models, rows, predictions, **options)
        explained["sources"], explained["n_explained"] = found
    with _timed(timings, "explanations"):
        explained["explanations"] = explain_rows(
            models, rows, predictions, chosen, regions=regions, **options
        )
    return explained, []


def _outcomes(predictions, rows, seed):
    """Return the tables that compare predictions with the target; None without one."""
    tables = dict.fromkeys(("scores", "confusion", "residuals", "calibration"))
    if rows.y is None:
        return tables
    tables["scores"] = score_table(predictions, rows.y, rows.groups, seed)
    tables["calibration"] = calibration_table(predictions, rows.y)
    if predictions.is_classes:
        tables["confusion"] = confusion_table(predictions, rows.y)
    else:
        tables["residuals"] = residual_table(predictions, rows.y)
    return tables


@contextmanager
def _without_drift_warnings(model):
    """Return a context whose rows don't count as those that warnings of drift are about."""
    with warnings.catch_warnings(), ExitStack() as paused:
        warnings.simplefilter("ignore", ImageDriftWarning)
        for transformer in find_image_transformers(model):
            for guard in transformer._columns.guards:
                paused.enter_context(guard.paused())
        yield


@contextmanager
def _timed(timings, name):
    started = time.perf_counter()
    yield
    timings[name] = time.perf_counter() - started
