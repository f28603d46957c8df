"""ExplanationDisplay: sources, table columns and regions of one row."""

from typing import Any, Self

import numpy as np

from skfusion._utils.typing import ImageInput
from skfusion.inspection._draw_regions import draw_regions
from skfusion.inspection._explain_row import explain_row
from skfusion.inspection._explanation import Explanation
from skfusion.inspection._explanation_parts import (
    image_and_heat,
    ranked_columns,
    source_lines,
)
from skfusion.inspection._figures import DARK, label_bars, mark_zero, new_figure, wrap_title
from skfusion.inspection._heat_colors import NEGATIVE, POSITIVE


class ExplanationDisplay:
    """Draw how much each source, table column and region moved the prediction of a row.

    Use `from_estimator` or `from_explanation`.

    Parameters
    ----------
    explanation : Explanation
        The result of `explain`.

    row : int, default=0
        The position of the row in the explanation.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the bars.

    axes_ : ndarray of matplotlib Axes
        All axes: those of the bars, and one for each image.

    figure_ : matplotlib Figure
        The figure around them.

    bars_ : list of matplotlib Rectangle
        One bar for each source, and one for each column of the table.

    See Also
    --------
    explain : Computes what is drawn.
    RegionDisplay : Draws the regions of one image alone.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import Explanation, ExplanationDisplay
    >>> sources = pd.DataFrame({"scan": [0.25], "table": [0.125]})
    >>> explanation = Explanation(0.5, np.array([0.875]), sources)
    >>> display = ExplanationDisplay(explanation).plot()
    >>> [float(bar.get_width()) for bar in display.bars_]
    [0.25, 0.125]
    """

    def __init__(self, explanation: Explanation, *, row: int = 0) -> None:
        self.explanation = explanation
        self.row = row

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: ImageInput,
        *,
        row: int = 0,
        background: ImageInput | None = None,
        target: Any = None,
        random_state: Any = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Explain one row and draw the result.

        Parameters
        ----------
        model : estimator
            A fitted model, as in `explain`.

        X : DataFrame, Series, list or ndarray
            The rows.

        row : int, default=0
            The position of the row in X.

        background : DataFrame, Series, list or ndarray, default=None
            As in `explain`; None is X.

        target : object, default=None
            As in `explain`; with more than two classes, None is the predicted class.

        random_state : int, RandomState instance or None, default=None
            As in `explain`.

        ax : matplotlib Axes, default=None
            The axes for the bars; images are not drawn then. None creates a figure.

        **options : dict
            Further arguments of `explain`.

        Returns
        -------
        display : ExplanationDisplay
            The display, with its attributes.
        """
        options |= {"background": background, "random_state": random_state}
        explanation = explain_row(model, X, row, target, **options)
        return cls(explanation).plot(ax=ax)

    @classmethod
    def from_explanation(cls, explanation: Explanation, *, row: int = 0, ax: Any = None) -> Self:
        """Draw one row of an explanation.

        Parameters
        ----------
        explanation : Explanation
            The result of `explain`.

        row : int, default=0
            The position of the row in the explanation.

        ax : matplotlib Axes, default=None
            The axes for the bars; images are not drawn then. None creates a figure.

        Returns
        -------
        display : ExplanationDisplay
            The display, with its attributes.
        """
        return cls(explanation, row=row).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw the bars and the images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes for the bars; images are not drawn then. None creates a figure.

        Returns
        -------
        display : ExplanationDisplay
            The display itself.
        """
        row = self.explanation._check_row(self.row)
        lines = source_lines(self.explanation, row)
        lines += [(f"  {name}", *rest) for name, *rest in ranked_columns(self.explanation, row)]
        images = [] if ax is not None else self._images(row)
        if ax is None:
            height = max(3.6 if images else 1.6, 1.2 + 0.34 * len(lines))
            figure = new_figure(5.4 + 4.4 * len(images), height)
            axes = figure.subplots(1, 1 + len(images), squeeze=False)[0]
        else:
            axes = np.array([ax])
        self.axes_, self.ax_, self.figure_ = axes, axes[0], axes[0].figure
        self._draw_bars(lines, row)
        for place, (column, image, heat) in enumerate(images, start=1):
            self._draw_image(axes[place], column, image, heat, row)
        title = self.explanation.describe(row)
        title = wrap_title(title, self.figure_.get_figwidth())
        if ax is None:
            self.figure_.suptitle(title, x=0.01, ha="left")
        else:
            ax.set_title(title, loc="left", fontsize="medium")
        return self

    def _images(self, row):
        """Return name, image and regions of each column in which the row has an image."""
        found = []
        for column in self.explanation.images:
            image, heat = image_and_heat(self.explanation, column, row)
            if image is not None:
                found.append((column, image, heat))
        return found

    def _draw_bars(self, lines, row):
        """Draw a bar for each line; those of table columns are thinner."""
        n_sources = self.explanation.sources.shape[1]
        shares = np.array([share for _, share, _ in lines])
        errors = np.nan_to_num([error for *_, error in lines])
        colors = [POSITIVE if share >= 0 else NEGATIVE for share in shares]
        heights = [0.75 if place < n_sources else 0.45 for place in range(len(lines))]
        ax = self.ax_
        bars = ax.barh(
            range(len(lines)), shares, height=heights, color=colors, xerr=errors, ecolor=DARK
        )
        self.bars_ = list(bars)
        mark_zero(ax)
        if len(lines) > n_sources:
            ax.axhline(n_sources - 0.5, color="#9aa3ad", linewidth=0.8, linestyle=":")
        label_bars(ax, [name for name, *_ in lines])
        ax.set_xlabel(f"share of the {self.explanation.names[row]}\n− lowers it, + raises it")

    def _draw_image(self, ax, column, image, heat, row):
        draw_regions(ax, image, heat, self.explanation.names[row])
        ax.set_title(str(column), loc="left", fontsize="medium")
