"""Comparison: scores of several estimators on the same splits, as data."""

from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from skfusion.reports._html_mixin import HtmlMixin
from skfusion.reports._plain_data import to_plain
from skfusion.reports.comparison._comparison_text import render_text
from skfusion.reports.comparison._verdict import find_reference, write_verdict


@dataclass(repr=False, eq=False)
class Comparison(HtmlMixin):
    """The result of `compare`: scores, paired differences and a verdict in words.

    ``print(comparison)`` shows it as text and a notebook as a page. All of it is in the attributes.

    Parameters
    ----------
    title : str
        The title.

    created : str
        The time of the comparison, in UTC.

    protocol : dict
        How the scores were made: the name of the `scoring`; `n_rows`, `n_without_image` (None
        where the columns of images are not known), `n_groups`, `n_splits` and `n_repeats`; the
        `confidence` of intervals.

    scores : DataFrame
        A line an estimator: the `mean` of its scores, higher is better, the ends `low` and `high`
        of its interval, and the standard deviation over splits, `std`; `fit_seconds`, for the
        training rows of a split, and `predict_milliseconds`, for one row; its `sources`: "table",
        "image", "both" or "none".

    split_scores : DataFrame of shape (n_splits, n_estimators)
        The scores of each split.

    differences : DataFrame
        A line a pair, indexed by the names of the `first` and the `second`, in either order: the
        mean `difference` of their scores, first minus second, the ends `low` and `high` of its
        interval, and the `p_value` of a difference of 0.

    versions : dict of str to str
        The versions of Python and of packages.

    See Also
    --------
    compare : Make a comparison.
    ComparisonDisplay : Draw it.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import compare
    >>> X, y = [[0.1], [0.9], [0.2], [0.8]] * 10, [0, 1] * 20
    >>> found = compare([LogisticRegression(), DummyClassifier()], X, y, random_state=0)
    >>> found.scores["mean"].to_dict()
    {'logisticregression': 1.0, 'dummyclassifier': 0.5}
    >>> float(found.differences.loc[("logisticregression", "dummyclassifier"), "difference"])
    0.5
    """

    title: str
    created: str
    protocol: dict[str, Any]
    scores: pd.DataFrame
    split_scores: pd.DataFrame
    differences: pd.DataFrame
    versions: dict[str, str]

    @property
    def reference(self) -> str:
        """str : The estimator that text, page and figure compare the others with.

        It is a fusion ("stacked", if it is there) where estimators of single sources are compared
        with one, else the estimator with the highest mean score.
        """
        return str(find_reference(self.scores))

    @property
    def verdict(self) -> str:
        """str : What each source adds, and which estimators are best, in words."""
        return str(write_verdict(self))

    def __repr__(self):
        return (
            f"<Comparison: {len(self.scores)} estimators, {self.protocol['n_splits']} splits of "
            f"{self.protocol['n_rows']} rows; print it for more>"
        )

    def __str__(self):
        return render_text(self)

    @staticmethod
    def _renderers():
        from skfusion.reports.html._comparison_page import render_fragment, render_page

        return render_page, render_fragment

    def to_dict(self) -> dict[str, Any]:
        """Return all of the comparison as plain Python objects, which JSON can hold.

        Returns
        -------
        data : dict
            By attribute, with the `verdict` and the `reference`: tables as lists of dicts, numbers
            that are not defined as None.
        """
        data = {part.name: getattr(self, part.name) for part in fields(self)}
        data |= {"verdict": self.verdict, "reference": self.reference}
        data["differences"] = self.differences.reset_index()
        plain: dict[str, Any] = to_plain(data)
        return plain
