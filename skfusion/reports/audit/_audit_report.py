"""AuditReport: what an audit found, as data."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from skfusion.reports._html_mixin import HtmlMixin
from skfusion.reports._plain_data import to_plain
from skfusion.reports.audit._audit_text import render_text


@dataclass(repr=False, eq=False)
class AuditReport(HtmlMixin):
    """The result of `audit`: what makes a cross-validated score too good.

    ``print(report)`` shows it as text and a notebook as a page. All of it is in the attributes.

    Parameters
    ----------
    findings : DataFrame
        A line per finding, grave ones first: its `kind`; its `severity`, "grave", "minor" or
        "note"; its `subject`, as a column; the positions of its `rows`, from 0; the `evidence`
        and the `remedy`.

    pairs : DataFrame
        A line per pair of rows with the same image: `row_a` and `row_b`, positions from 0; the
        `kind`, "same file", "same pixels", "copy", "crop", "mirror image" or "turned copy"; the
        `similarity`, up to 1; and whether it `crosses` folds.

    groups : ndarray of int of shape (n_rows,)
        Groups for a splitter such as GroupKFold. Rows are in one group if they are a pair, share a
        given group, or one that was found.

    price : DataFrame
        A line per leak that can be removed: the score `with_leak` and `without`, each of
        estimators that are fitted on the share `train_share` of the training rows; the difference,
        `worth`, and its 95 % interval from `low` to `high`; and a `sentence`. NaN where no training
        rows are left without the leak. Empty without an estimator.

    protocol : dict
        The numbers of rows, images, folds and given groups, and the score of the estimator.

    examples : list of dict
        Some pairs with small copies of their images, as ``data:`` addresses.

    title : str
        The title.

    created : str
        The time of the audit, in UTC.

    versions : dict of str to str
        The versions of Python and of packages.

    See Also
    --------
    audit : Make the report.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import audit
    >>> random = np.random.default_rng(0)
    >>> scans = [random.integers(0, 256, (12, 12), dtype="uint8") for _ in range(20)]
    >>> X = pd.DataFrame({"scan": [*scans, scans[0]], "age": random.normal(size=21)})
    >>> found = audit(X, [0, 1] * 10 + [0], cv=3, random_state=0)
    >>> found.pairs[["row_a", "row_b", "kind"]].values.tolist()
    [[0, 20, 'same pixels']]
    >>> found.is_grave
    True
    >>> found.groups[[0, 1, 20]].tolist()
    [0, 1, 0]
    """

    findings: pd.DataFrame
    pairs: pd.DataFrame
    groups: np.ndarray
    price: pd.DataFrame
    protocol: dict[str, Any]
    examples: list[dict[str, Any]]
    title: str
    created: str
    versions: dict[str, str]

    def __repr__(self):
        counts = self.findings["severity"].value_counts()
        shown = ", ".join(f"{counts.get(name, 0)} {name}" for name in ("grave", "minor"))
        return f"<AuditReport: {shown} findings, {len(self.pairs)} pairs; print it for more>"

    def __str__(self):
        return render_text(self)

    @staticmethod
    def _renderers():
        from skfusion.reports.html._audit_page import render_audit_fragment, render_audit_page

        return render_audit_page, render_audit_fragment

    @property
    def is_grave(self) -> bool:
        """bool : Whether a finding makes the score of these folds untrue."""
        return bool((self.findings["severity"] == "grave").any())

    def to_dict(self) -> dict[str, Any]:
        """Return all of the report as plain Python objects, which JSON can hold.

        Returns
        -------
        data : dict
            By attribute: tables as lists of dicts, numbers that are not defined as None.
        """
        plain: dict[str, Any] = to_plain(
            {one.name: getattr(self, one.name) for one in fields(self)}
        )
        return plain
