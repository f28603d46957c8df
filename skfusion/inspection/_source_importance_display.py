"""SourceImportanceDisplay: how much a fusion depends on each source and column."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skfusion._utils.typing import ImageInput, RandomState
from skfusion.inspection._figures import BLUE, DARK, GRAY, given_or_new, label_bars, mark_zero
from skfusion.inspection._source_importance import source_importance

_COLORS = {"left_out": GRAY, "permuted": BLUE}
_WORDS = {"left_out": "without the whole source", "permuted": "with its rows shuffled"}
_UNITS = {
    "neg_log_loss": "log loss (nats per row)",
    "neg_mean_squared_error": "squared error (squared units of the target)",
    "log loss": "log loss (nats per row)",
    "squared error": "squared error (squared units of the target)",
}
# In a figure narrower than this, in inches, the legend and the label have several lines.
_NARROW = 5


class SourceImportanceDisplay:
    """Draw how much worse a model predicts without a source, and with shuffled columns.

    Use `from_estimator`.

    Parameters
    ----------
    importance : DataFrame
        The `source_importance_` of a `FusionClassifier` or `FusionRegressor`, or the result of
        `source_importance`.

    loss : str, default="loss"
        The name of the loss or the scorer on the axis. Known ones get their units.

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
    FusionClassifier : Measures the importance in `fit`.
    source_importance : Measures it for any model.

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
    def from_estimator(
        cls,
        estimator: Any,
        X: ImageInput | None = None,
        y: ArrayLike | None = None,
        *,
        scoring: Any = None,
        n_repeats: int = 5,
        random_state: RandomState = None,
        ax: Any = None,
    ) -> Self:
        """Draw the importance of the sources of a fitted model.

        Parameters
        ----------
        estimator : estimator
            A fitted FusionClassifier or FusionRegressor, which measured the importance in `fit`;
            or, with X and y, any fitted model whose input has image columns.

        X : DataFrame, Series, list or ndarray, default=None
            Rows that the model was not fitted on.

        y : array-like of shape (n_rows,), default=None
            Their target.

        scoring : str or callable, default=None
            As in `source_importance`.

        n_repeats : int, default=5
            How often each column is shuffled.

        random_state : int, RandomState instance or None, default=None
            Shuffles the rows.

        ax : matplotlib Axes, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : SourceImportanceDisplay
            The display, with its attributes.
        """
        if X is not None and y is not None:
            importance = source_importance(
                estimator, X, y, scoring=scoring, n_repeats=n_repeats, random_state=random_state
            )
            default = "neg_log_loss" if hasattr(estimator, "predict_proba") else "score"
            name = scoring if scoring is not None else default
            if scoring is None and not is_classifier(estimator):
                name = "neg_mean_squared_error"
            return cls(importance, loss=name if isinstance(name, str) else "score").plot(ax=ax)
        if not hasattr(estimator, "strategy"):
            raise TypeError(
                "Without X and y, SourceImportanceDisplay needs a FusionClassifier or "
                f"FusionRegressor, got a {type(estimator).__name__}. Pass X and y for other models."
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
        ax = given_or_new(ax, 6, 1 + 0.8 * len(self.importance))
        self.ax_, self.figure_ = ax, ax.figure
        places = np.arange(len(self.importance))
        self.bars_ = {}
        kinds = [kind for kind in _COLORS if self.importance[kind].notna().any()]
        for shift, kind in zip((-0.18, 0.18) if len(kinds) == 2 else (0,), kinds, strict=True):
            error = self._errors() if kind == "permuted" else None
            bars = ax.barh(
                places + shift,
                self.importance[kind],
                height=0.34,
                color=_COLORS[kind],
                label=_WORDS[kind],
                xerr=error,
                ecolor=DARK,
            )
            self.bars_[kind] = list(bars)
        mark_zero(ax)
        label_bars(ax, self.importance.index)
        width = ax.figure.get_figwidth()
        is_narrow = width < _NARROW
        label = _label(self.loss, "permuted_error" in self.importance)
        ax.set_xlabel(label.replace(" (", "\n(") if is_narrow else label, loc="right")
        # Aligned to the right, since the names of the columns leave space on the left only.
        ncols = 1 if is_narrow else len(kinds)
        ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=ncols)
        return self

    def _errors(self):
        """Return the standard errors where there are some, else the standard deviations."""
        is_known = "permuted_error" in self.importance
        return self.importance["permuted_error" if is_known else "permuted_std"]


def _label(loss, is_of_rows):
    """Return what is on the axis; scores fall, and losses rise."""
    if is_of_rows and loss not in _UNITS:
        return f"fall of the {loss} on these rows"
    return (
        f"rise of the {_UNITS.get(loss, loss)} on {'these rows' if is_of_rows else 'inner folds'}"
    )
