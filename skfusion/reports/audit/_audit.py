"""audit: find what makes a cross-validated score too good, and what each leak is worth."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from skfusion._utils.typing import ImageInput, RandomState
from skfusion.images._image_reader import ImageReader, check_reader
from skfusion.reports._run_facts import list_versions
from skfusion.reports.audit._audit_images import AuditImages
from skfusion.reports.audit._audit_report import AuditReport
from skfusion.reports.audit._audit_rows import check_audit_rows
from skfusion.reports.audit._copy_pairs import copy_findings, find_pairs
from skfusion.reports.audit._embedding_neighbors import embedding_neighbors
from skfusion.reports.audit._examples import make_examples
from skfusion.reports.audit._fact_findings import column_findings, fact_findings
from skfusion.reports.audit._finding import SEVERITIES, Finding
from skfusion.reports.audit._fold_findings import fold_findings
from skfusion.reports.audit._fold_scores import name_of_score
from skfusion.reports.audit._group_findings import group_findings
from skfusion.reports.audit._model_findings import model_findings
from skfusion.reports.audit._price import PRICE_COLUMNS, Price
from skfusion.reports.audit._quality_findings import check_readable, quality_findings
from skfusion.reports.audit._union_find import join_rows


def audit(
    X: ImageInput,
    y: ArrayLike,
    *,
    cv: Any = 5,
    groups: ArrayLike | None = None,
    estimator: Any = None,
    image_columns: str | list[str] | None = None,
    random_state: RandomState = None,
    reader: ImageReader | None = None,
    verbose: int = 0,
) -> AuditReport:
    """Find what makes a cross-validated score of images and a table too good.

    Use it before a score is trusted: it looks for copies of an image in two folds, groups such as
    patients that cross folds, and facts that are no pixels, such as the size of a file, that
    predict the target. With an estimator, it measures what each leak is worth. The command
    ``skfusion audit table.csv --image photo --target y`` does the same.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        The rows, as a model takes them: columns of images, and others. Cells are of any kind that
        `ImageReader` reads.

    y : array-like of shape (n_rows,)
        The target: classes or numbers.

    cv : int, splitter or iterable, default=5
        The folds whose scores are in question, as in `cross_val_score`. With an integer, given
        groups are not split.

    groups : array-like of shape (n_rows,), default=None
        Rows that are known to belong together, such as those of a patient.

    estimator : estimator or None, default=None
        A classifier or regressor, which is cloned and fitted: once per fold, and again for each
        leak, six times where training rows are left out. None leaves out the price, and findings
        on scores and on single targets.

    image_columns : str, list of str or None, default=None
        The columns of images. None finds them.

    random_state : int, RandomState instance or None, default=None
        Draws permutations and resamples. Pass an int for the same report in each call.

    reader : ImageReader or None, default=None
        Reads the cells; None is ``ImageReader()``. Pass ``ImageReader(root=...)`` for relative
        paths.

    verbose : int, default=0
        1 shows progress bars on the standard error stream.

    Returns
    -------
    report : AuditReport
        ``print(report)`` shows it; ``report.groups`` are groups that correct the split.

    Raises
    ------
    ValueError
        If a row has no target, if a column does not exist, if no column holds images, or if the
        folds can't be made.

    ImageReadError
        If no image of a column can be read.

    TypeError
        If `estimator` is no classifier or regressor.

    See Also
    --------
    check_images : Report on images alone.
    report : Report scores and explanations of a fitted model.

    Notes
    -----
    **Copies.** Pixels are compared by digest. Altered copies (another encoding, size or
    brightness, crops, small rotations, mirror images, gray) are found among the nearest neighbors
    of 64 gray values of each image and of its views. Each candidate is aligned by the inverse
    compositional algorithm (doi 10.1023/B:VISI.0000011205.11775.fd) and compared patch by patch.
    Above 20,000 images, neighbors are found by usearch if it is installed
    (``pip install 'skfusion[neighbors]'``), else by comparing all pairs.

    **Groups** are those of DICOM tags (PatientID, StudyInstanceUID), of columns named as patients
    or studies, of one camera in one minute, and of equal rows of the table. Starts of file names
    and folders count if their rows are more alike than others.

    **Facts and columns** are cut into levels, and the target is predicted from them out of fold,
    without the training rows that share a group with the test rows. Their p-values come from 399
    permutations of the target and are corrected for the number of facts by the largest statistic.

    If the estimator has a `PretrainedGAP`, images with near features are candidates, too; those in
    its cache are used.

    **Price.** The same test rows are predicted by an estimator whose training rows share no group
    with them, or whose column holds one value, or whose images all have one size and encoding. For
    missing images, rows without one are left out. Fewer training rows lower a score, too: where
    rows are left out, the score with the leak is the mean of five estimators that are fitted on
    as many random training rows, for groups of the same classes. Some of these rows leak less
    than all of them, so that the price of groups of most rows is rather too low. Intervals are of
    the paired difference, over 1000 resamples of the groups, and wider by the spread of the five.

    Examples
    --------
    >>> from skfusion import audit
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(8, 8), n_columns=2, noise=2, random_state=0)
    >>> X = data.frame.assign(result=data.target)
    >>> found = audit(X, data.target, random_state=0)
    >>> found.findings[["kind", "severity", "subject"]].values.tolist()[0]
    ['column nearly is the target', 'grave', 'result']
    """
    rows = check_audit_rows(X, y, cv, groups, estimator, image_columns)
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    generator = np.random.default_rng(seed)
    reader = check_reader(reader)
    images = AuditImages(rows, reader, verbose)
    check_readable(images)
    near = None if estimator is None else embedding_neighbors(estimator, rows, images)
    pairs = find_pairs(rows, images, verbose, near)
    findings = copy_findings(rows, images, pairs)
    found, keys = group_findings(rows, images, generator)
    keys["images"] = join_rows(len(rows.y), (), pairs[["row_a", "row_b"]].to_numpy(int).tolist())
    joined = join_rows(len(rows.y), list(keys.values()))
    findings += found
    findings += fact_findings(rows, images, joined, generator)
    findings += column_findings(rows, joined, generator)
    findings += fold_findings(rows, images, joined, generator)
    findings += quality_findings(images)
    prices, score = pd.DataFrame(columns=PRICE_COLUMNS), None
    if estimator is not None:
        price = Price(estimator, rows, images, reader, verbose)
        score = price.score
        findings += model_findings(price, rows, joined, generator)
        prices = price.of_findings(findings, keys, joined, seed)
    protocol = {
        "n_rows": len(rows.y),
        "n_images": len(images.thumbnails),
        "n_folds": len(rows.splits),
        "n_groups": None if rows.groups is None else len(np.unique(rows.groups)),
        "score_name": name_of_score(rows),
        "score": score,
    }
    return AuditReport(
        findings=_as_frame(findings),
        pairs=pairs,
        groups=joined,
        price=prices,
        protocol=protocol,
        examples=make_examples(images, pairs),
        title="Audit",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        versions=list_versions(),
    )


def _as_frame(findings):
    """Return the findings as a table, grave ones first."""
    findings = sorted(findings, key=lambda one: SEVERITIES.index(one.severity))
    columns = ["kind", "severity", "subject", "rows", "evidence", "remedy"]
    return pd.DataFrame(findings, columns=list(Finding._fields))[columns]
