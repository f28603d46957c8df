"""SourceImportanceDisplay: what table and images give to a fusion."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

_COLORS = {"left_out": "#8a9aad", "permuted": "#2f6fb0"}
_WORDS = {"left_out": "without the source", "permuted": "with its rows shuffled"}


class SourceImportanceDisplay:
    """How much worse a fusion predicts without a source, and with the source's rows shuffled.

    Use `from_estimator`.

    Parameters
    ----------
    importance : DataFrame
        The `source_importance_` of a `FusionClassifier` or `FusionRegressor`.

    loss : str, default="loss"
        What the numbers count, for the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the bars.

    figure_ : matplotlib Figure
        The figure around them.

    bars_ : dict of str to list of matplotlib Rectangle
        The bars of "left_out" and "permuted", one a source.

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
        """Draw the importance of a fitted fusion's sources.

        Parameters
        ----------
        estimator : FusionClassifier or FusionRegressor
            The fitted fusion.

        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : SourceImportanceDisplay
            With what was drawn.
        """
        if not hasattr(estimator, "strategy"):
            raise TypeError(
                "The importance of sources is measured by FusionClassifier and FusionRegressor, "
                f"got a {type(estimator).__name__}."
            )
        check_is_fitted(estimator, "source_importance_")
        loss = "log loss" if hasattr(estimator, "classes_") else "squared error"
        return cls(estimator.source_importance_, loss=loss).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : SourceImportanceDisplay
            Itself.
        """
        if ax is None:
            from matplotlib.figure import Figure  # without pyplot: no window, no global state

            ax = Figure(figsize=(6, 1 + 0.8 * len(self.importance)), layout="constrained")
            ax = ax.add_subplot()
        self.ax_, self.figure_ = ax, ax.figure
        places = np.arange(len(self.importance))
        self.bars_ = {}
        # With one source, shuffling it says nothing that leaving it out does not.
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
        ax.set_xlabel(f"rise of the {self.loss} on inner folds")
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
        ax.spines[["top", "right"]].set_visible(False)
        return self
