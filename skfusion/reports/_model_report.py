"""ModelReport: what is known of a model on some rows, as data."""

from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from skfusion.reports._html_mixin import HtmlMixin
from skfusion.reports._model_report_text import render_text
from skfusion.reports._plain_data import to_plain
from skfusion.reports._row_explanation import RowExplanation


@dataclass(repr=False, eq=False)
class ModelReport(HtmlMixin):
    """The result of `report`: scores, explanations and drift of a model on some rows.

    ``print(report)`` shows it as text and a notebook as a page. All of it is in the attributes.

    Parameters
    ----------
    title : str
        The title.

    created : str
        The time of the report, in UTC.

    model : dict
        What the model is: its `kind` and `steps`, its `task`, `classes`, `image_columns` and
        `table_columns`, and the number of rows, `n_rows`.

    protocol : dict
        How the scores were made: `rows` is "given" for scores of the model itself, "out-of-fold"
        for those of its copies; `n_rows`, `n_folds`, `n_groups`; the `confidence` of intervals.

    scores : DataFrame or None
        A line per score, with `value`, the interval from `low` to `high` and its kind, the score
        of a `constant` prediction, and whether "higher" or "lower" is `better`. None without a
        target, as the next three.

    confusion : DataFrame or None
        The number of rows of each class (index) by predicted class (columns). None for numbers.

    residuals : DataFrame or None
        The target, the prediction and their difference, by row. None for classes.

    calibration : DataFrame or None
        Mean predictions beside what was observed, in bins of about as many rows.

    predictions : DataFrame
        The target, the prediction and the probabilities by row.

    sources : DataFrame or None
        How much the table and each column of images move predictions: the mean absolute `share`,
        its standard error, and its `part` of the sum. None if no row is explained.

    explanations : list of RowExplanation
        What the predictions of chosen rows rest on, with their images.

    drift : DataFrame
        Comparisons of the rows with the training data.

    versions : dict of str to str
        The versions of Python and of the packages that predictions depend on.

    timings : dict of str to float
        Seconds by part of the report, and milliseconds per predicted row.

    limits : list of str
        What the numbers do not show.

    See Also
    --------
    report : Make the report of a model.

    Examples
    --------
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion import PixelFlattener, report
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(40, image_size=(8, 8), n_columns=2, random_state=0)
    >>> X, y = data.frame, data.target
    >>> columns = make_column_transformer(
    ...     (PixelFlattener(), ["image"]), ("passthrough", ["number_0", "number_1"])
    ... )
    >>> model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(X[:30], y[:30])
    >>> found = report(model, X[30:], y[30:], rows=[])
    >>> list(found.scores.columns)
    ['value', 'low', 'high', 'interval', 'constant', 'better']
    >>> found.to_dict()["model"]["image_columns"]
    ['image']
    """

    title: str
    created: str
    model: dict[str, Any]
    protocol: dict[str, Any]
    scores: pd.DataFrame | None
    confusion: pd.DataFrame | None
    residuals: pd.DataFrame | None
    calibration: pd.DataFrame | None
    predictions: pd.DataFrame
    sources: pd.DataFrame | None
    explanations: list[RowExplanation]
    drift: pd.DataFrame
    versions: dict[str, str]
    timings: dict[str, float]
    limits: list[str]

    def __repr__(self):
        n_differs = int(self.drift["differs"].sum())
        return (
            f"<ModelReport: {self.model['kind']}, {self.model['n_rows']} rows, "
            f"{len(self.explanations)} explained, {n_differs} columns differ from training; print "
            "it for more>"
        )

    def __str__(self):
        return render_text(self)

    @staticmethod
    def _renderers():
        from skfusion.reports.html._page import render_fragment, render_page

        return render_page, render_fragment

    def to_dict(self) -> dict[str, Any]:
        """Return all of the report as plain Python objects, which JSON can hold.

        Returns
        -------
        data : dict
            By attribute: tables as lists of dicts, images as ``data:`` addresses, numbers that
            are not defined as None. `confusion` has `classes` and `counts`.
        """
        data = {part.name: getattr(self, part.name) for part in fields(self)}
        data["explanations"] = [one.to_dict() for one in self.explanations]
        if self.confusion is not None:
            counts = self.confusion.to_numpy()
            data["confusion"] = {"classes": list(self.confusion.index), "counts": counts}
        plain: dict[str, Any] = to_plain(data)
        return plain
