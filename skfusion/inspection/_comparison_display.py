"""ComparisonDisplay: scores of several estimators, or their differences, with intervals."""

from typing import Any, Self

import numpy as np

from skfusion.inspection._figures import (
    BLUE,
    DARK,
    GRAY,
    given_or_new,
    label_bars,
    mark_zero,
    wrap_title,
)


class ComparisonDisplay:
    """Draw the scores of several estimators, or their differences to one of them.

    Use `from_comparison`.

    Parameters
    ----------
    comparison : Comparison
        The result of `compare`.

    kind : {"scores", "differences"}, default="scores"
        What is drawn. "scores": the mean of each estimator with its interval, and the score of
        each split. "differences": how much the reference is better than each other estimator,
        with the interval, and the difference of each split.

    reference : str or None, default=None
        The name of the reference. None is that of the comparison.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure around them.

    means_ : dict of str to float
        The means that are drawn, by estimator.

    See Also
    --------
    compare : Compare estimators.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion import ComparisonDisplay, compare
    >>> X, y = [[0.1], [0.9], [0.2], [0.8]] * 10, [0, 1] * 20
    >>> found = compare([LogisticRegression(), DummyClassifier()], X, y, random_state=0)
    >>> display = ComparisonDisplay.from_comparison(found, kind="differences")
    >>> display.means_
    {'dummyclassifier': 0.5}
    """

    def __init__(
        self, comparison: Any, *, kind: str = "scores", reference: str | None = None
    ) -> None:
        self.comparison = comparison
        self.kind = kind
        self.reference = reference

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        *,
        kind: str = "scores",
        reference: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw a comparison.

        Parameters
        ----------
        comparison : Comparison
            The result of `compare`.

        kind : {"scores", "differences"}, default="scores"
            What is drawn.

        reference : str or None, default=None
            The name of the reference. None is that of the comparison.

        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : ComparisonDisplay
            The display, with its attributes.
        """
        return cls(comparison, kind=kind, reference=reference).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw means, intervals and splits.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : ComparisonDisplay
            The display itself.
        """
        reference = self._check_reference()
        splits, lines = self._read(reference)
        ax = given_or_new(ax, 6.5, 1.1 + 0.45 * len(lines))
        self.ax_, self.figure_ = ax, ax.figure
        self.means_ = {name: mean for name, (mean, _, _) in lines.items()}
        for position, (name, numbers) in enumerate(lines.items()):
            color = BLUE if name == reference or self.kind == "differences" else GRAY
            _draw_line(ax, position, splits[name].to_numpy(), numbers, color)
        label_bars(ax, lines)
        ax.set_ylim(len(lines) - 0.4, -0.6)
        if self.kind == "differences":
            mark_zero(ax)
        ax.set_xlabel(self._label(), loc="right")
        ax.set_title(self._title(reference), loc="left", fontsize="medium")
        ax.grid(axis="x", color="#e6e9ed", linewidth=0.8)
        ax.set_axisbelow(True)
        return self

    def _check_reference(self):
        if self.kind not in ("scores", "differences"):
            raise ValueError(f"kind must be 'scores' or 'differences', got {self.kind!r}.")
        names = list(self.comparison.scores.index)
        if self.reference is not None and self.reference not in names:
            raise ValueError(f"reference={self.reference!r} is no estimator of {names}.")
        return self.comparison.reference if self.reference is None else self.reference

    def _read(self, reference):
        """Return the values of all splits, and mean, low and high by estimator."""
        splits = self.comparison.split_scores
        table, column = self.comparison.scores, "mean"
        if self.kind == "differences":
            splits = splits.rsub(splits[reference], axis=0)
            table, column = self.comparison.differences.loc[reference], "difference"
        return splits, table[[column, "low", "high"]].astype(float).T.to_dict("list")

    def _label(self):
        name = self.comparison.protocol["scoring"]
        what = "difference of the " if self.kind == "differences" else ""
        return f"{what}{name}\npoints: means, lines: 95 % intervals, dots: splits"

    def _title(self, reference):
        protocol = self.comparison.protocol
        rows = f"{protocol['n_rows']} rows, {protocol['n_splits']} splits"
        title = (
            rows if self.kind == "scores" else f"{reference} minus each other estimator ({rows})"
        )
        return wrap_title(title, 0.8 * self.figure_.get_figwidth())


def _draw_line(ax, position, values, numbers, color):
    mean, low, high = numbers
    offsets = np.linspace(0.14, 0.3, len(values))
    ax.plot(values, position + offsets, "o", color=color, markersize=3, alpha=0.6)
    if not np.isnan(low):
        ax.plot([low, high], [position, position], color=color, linewidth=3, solid_capstyle="butt")
    ax.plot(mean, position, "o", color=DARK, markersize=6)
