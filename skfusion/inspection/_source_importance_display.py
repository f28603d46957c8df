"""SourceImportanceDisplay: how much a fusion depends on each source and column."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

_COLORS = {"left_out": "#8a9aad", "permuted": "#2f6fb0"}
_WORDS = {"left_out": "without the whole source", "permuted": "with its rows shuffled"}
_UNITS = {
    "log loss": "log loss (nats per row)",
    "squared error": "squared error (squared units of the target)",
}
# In a figure narrower than this, in inches, the legend and the label have several lines.
_NARROW = 5


class SourceImportanceDisplay:
    """Draw how much worse a fusion predicts without a source, and with shuffled columns.

    Use `from_estimator`.

    Parameters
    ----------
    importance : DataFrame
        The `source_importance_` of a `FusionClassifier` or `FusionRegressor`.

    loss : str, default="loss"
        The name of the loss on the axis. The units of "log loss" and "squared error" are added.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the bars.

    figure_ : matplotlib Figure
        The figure around them.

    bars_ : dict of str to list of matplotlib Rectangle
        The bars of "left_out" and "permuted", one a row of `importance`.

    See Also
    --------
    FusionClassifier : Measures the importance.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion import SourceImportanceDisplay
    >>> importance = pd.DataFrame(
    ...     {"left_out": [0.1, 0.3], "permuted": [0.2, 0.8], "permuted_std": [0.01, 0.02]},
    ...     index=["table", "image"],
    ... )
    >>> display = SourceImportanceDisplay(importance, loss="log loss").plot()
    >>> [round(float(bar.get_width()), 2) for bar in display.bars_["permuted"]]
    [0.2, 0.8]
    """

    def __init__(self, importance: pd.DataFrame, *, loss: str = "loss") -> None:
        self.importance = importance
        self.loss = loss

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Draw the importance of the sources of a fitted fusion.

        Parameters
        ----------
        estimator : FusionClassifier or FusionRegressor
            The fitted fusion.

        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : SourceImportanceDisplay
            The display, with its attributes.
        """
        if not hasattr(estimator, "strategy"):
            raise TypeError(
                "SourceImportanceDisplay needs a FusionClassifier or FusionRegressor, got a "
                f"{type(estimator).__name__}."
            )
        check_is_fitted(estimator, "source_importance_")
        loss = "log loss" if hasattr(estimator, "classes_") else "squared error"
        return cls(estimator.source_importance_, loss=loss).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : SourceImportanceDisplay
            The display itself.
        """
        if ax is None:
            from matplotlib.figure import Figure  # without pyplot: no window, no global state

            ax = Figure(figsize=(6, 1 + 0.8 * len(self.importance)), layout="constrained")
            ax = ax.add_subplot()
        self.ax_, self.figure_ = ax, ax.figure
        places = np.arange(len(self.importance))
        self.bars_ = {}
        kinds = [kind for kind in _COLORS if self.importance[kind].notna().any()]
        for shift, kind in zip((-0.18, 0.18) if len(kinds) == 2 else (0,), kinds, strict=True):
            error = self.importance["permuted_std"] if kind == "permuted" else None
            bars = ax.barh(
                places + shift,
                self.importance[kind],
                height=0.34,
                color=_COLORS[kind],
                label=_WORDS[kind],
                xerr=error,
                ecolor="#222222",
            )
            self.bars_[kind] = list(bars)
        ax.axvline(0, color="#222222", linewidth=0.8)
        ax.set_yticks(places, list(self.importance.index))
        ax.invert_yaxis()
        width = ax.figure.get_figwidth()  # type: ignore[union-attr]  # a SubFigure has it too
        is_narrow = width < _NARROW
        label = f"rise of the {_UNITS.get(self.loss, self.loss)} on inner folds"
        ax.set_xlabel(label.replace(" (", "\n(") if is_narrow else label, loc="right")
        # Aligned to the right, since the names of the columns leave space on the left only.
        ncols = 1 if is_narrow else len(kinds)
        ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=ncols)
        ax.spines[["top", "right"]].set_visible(False)
        return self
