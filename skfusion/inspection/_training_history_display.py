"""TrainingHistoryDisplay: the curves of a training run."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

# The value of `history_["fold"]` for the network that is trained on all rows.
FINAL = -1

# What a history holds beside metrics; `val_` stands before the validation's name of a metric.
_KEYS = {"column", "fold", "stage", "epoch", "learning_rate"}
_COLORS = {"training": "#2f6fb0", "validation": "#d9661f"}
_QUIET = "#6b7280"


class TrainingHistoryDisplay:
    """Loss or accuracy of a network, epoch by epoch.

    For a `CNNEmbedder` the final network's curves stand out; the validation curves of the
    networks that `cv` trained lie pale behind them. Use `from_estimator`, or the estimator's own
    `plot_history`.

    Parameters
    ----------
    history : DataFrame
        The `history_` of a fitted `CNNEmbedder`, `DenseClassifier` or `DenseRegressor`.

    column : str or None, default=None
        The column of images to draw. None is enough where there is one.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curves.

    figure_ : matplotlib Figure
        The figure around them.

    lines_ : list of matplotlib Line2D
        The final network's training curve, then its validation curve where rows were held out.

    fold_lines_ : list of matplotlib Line2D
        One validation curve a fold.

    best_ : matplotlib Line2D
        The marker on the epoch of the last stage with the lowest validation loss (training loss,
        if no rows were held out). With early stopping, its weights are the ones that are kept.

    stage_lines_ : list of matplotlib Line2D
        The vertical line before each further stage of the final network.

    See Also
    --------
    CNNEmbedder : A network on images whose history is drawn.
    DenseClassifier : A network on columns whose history is drawn.

    Notes
    -----
    Each network's epochs are counted through all its stages. Where training stops early, a fold's
    network may have passed from one stage to the next at another epoch than the final one.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.inspection._training_history_display import TrainingHistoryDisplay
    >>> history = pd.DataFrame(
    ...     {
    ...         "column": "scan",
    ...         "fold": -1,
    ...         "epoch": [0, 1, 2],
    ...         "loss": [1.1, 0.6, 0.3],
    ...         "val_loss": [1.2, 0.8, 0.9],
    ...     }
    ... )
    >>> display = TrainingHistoryDisplay(history).plot()
    >>> display.best_.get_label()
    'lowest validation loss, epoch 2'
    >>> display.figure_.clear()
    """

    def __init__(self, history: pd.DataFrame, *, column: str | None = None) -> None:
        self.history = history
        self.column = column

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, column: str | None = None, metric: str = "loss", ax: Any = None
    ) -> Self:
        """Draw the history of a fitted network.

        Parameters
        ----------
        estimator : CNNEmbedder, DenseClassifier or DenseRegressor
            The fitted estimator.

        column : str or None, default=None
            The column of images to draw. None is enough where there is one.

        metric : str, default="loss"
            "loss" or, for classes, "accuracy".

        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            With what was drawn.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "history_"):
            raise TypeError(
                f"{type(estimator).__name__} has no training history; pass a fitted CNNEmbedder, "
                "DenseClassifier or DenseRegressor (from a Pipeline, take it out first)."
            )
        return cls(estimator.history_, column=column).plot(ax, metric=metric)

    def plot(self, ax: Any = None, *, metric: str = "loss") -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.

        metric : str, default="loss"
            "loss" or, for classes, "accuracy".

        Returns
        -------
        display : TrainingHistoryDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is missing.

        ValueError
            If there are several columns of images and none was named, or the history has no
            such column or metric.
        """
        plt = _import_pyplot()
        column, rows = self._rows()
        _check_metric(metric, rows)
        final = rows[rows["fold"] == FINAL]
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_ = [
            _draw_curve(
                ax,
                final[name],
                color=_COLORS[kind],
                label=kind,
                linewidth=2,
                markersize=6,
                zorder=3,
            )
            for kind, name in [("training", metric), ("validation", f"val_{metric}")]
            if name in final
        ]
        self.best_ = _mark_best(ax, final, self.lines_[-1])
        self.fold_lines_ = _draw_folds(ax, rows[rows["fold"] != FINAL], f"val_{metric}")
        self.stage_lines_ = _draw_stages(ax, final)
        n_epochs = rows.groupby("fold").size().max()
        margin = max(0.5, 0.02 * n_epochs)  # as wide as the marker, at least
        ax.set(xlabel="epoch", ylabel=metric, xlim=(1 - margin, n_epochs + margin))
        ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True, min_n_ticks=1))
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(
            title=column if self._has_several_columns() else None,
            frameon=False,
            fontsize="small",
        )
        return self

    def _has_several_columns(self):
        return "column" in self.history and self.history["column"].nunique() > 1

    def _rows(self):
        """The column to draw, and its epochs without what wasn't measured for it."""
        if "column" not in self.history:  # a head has one network, which is the final one
            if self.column is not None:
                raise ValueError(
                    f"column={self.column!r} was passed, but this is the history of one network "
                    "on all columns; pass column=None."
                )
            return None, self.history.assign(fold=FINAL).dropna(axis="columns", how="all")
        columns = list(self.history["column"].unique())
        if self.column is None and len(columns) > 1:
            raise ValueError(
                f"The history has {len(columns)} columns of images: "
                f"{', '.join(map(repr, columns))}. Pass one of them as column."
            )
        column = columns[0] if self.column is None else self.column
        if column not in columns:
            raise ValueError(
                f"The history has no column {column!r}. Its columns of images are: "
                f"{', '.join(map(repr, columns))}."
            )
        rows = self.history[self.history["column"] == column]
        return column, rows.dropna(axis="columns", how="all")


def _import_pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "TrainingHistoryDisplay needs matplotlib. Install it with pip install 'skfusion[plot]'."
        ) from error
    return plt


def _check_metric(metric, rows):
    metrics = [name for name in rows if name not in _KEYS and not name.startswith("val_")]
    if metric not in metrics:
        raise ValueError(
            f"The history has no metric {metric!r}. Its metrics are: "
            f"{', '.join(map(repr, metrics))}."
        )


def _draw_curve(ax, values, **style):
    """Draw one value an epoch; a single one would be invisible as a line."""
    (line,) = ax.plot(
        range(1, len(values) + 1), values, marker="o" if len(values) == 1 else "", **style
    )
    return line


def _draw_folds(ax, rows, name):
    """The curves of the folds' networks; one of them stands in the legend for all."""
    if name not in rows:
        return []
    curves = [values for _, values in rows.groupby("fold")[name] if values.notna().any()]
    label = f"validation, {len(curves)} fold{'s' if len(curves) > 1 else ''}"
    return [
        _draw_curve(
            ax,
            values,
            color=_COLORS["validation"],
            alpha=0.35,
            label=label if i == 0 else f"_fold {i}",
            linewidth=1,
            markersize=4,
        )
        for i, values in enumerate(curves)
    ]


def _mark_best(ax, final, line):
    """Put a marker on the curve at the epoch that early stopping takes for the best."""
    watched, kind = ("val_loss", "validation") if "val_loss" in final else ("loss", "training")
    starts, names = _stages(final)
    stage = f" in {names[-1]}" if len(names) > 1 else ""
    losses = final[watched].to_numpy()
    best = starts[-1] + int(np.nanargmin(losses[starts[-1] :]))  # the first of equals, as there
    (marker,) = ax.plot(
        best + 1,
        line.get_ydata()[best],
        linestyle="",
        marker="o",
        markersize=9,
        markerfacecolor="white",
        markeredgecolor=line.get_color(),
        markeredgewidth=2,
        label=f"lowest {kind} loss{stage}, epoch {best + 1}",
        zorder=4,
    )
    return marker


def _stages(final):
    """Where each stage starts, and what it is called."""
    if "stage" not in final:
        return [0], [""]
    stages = final["stage"].to_numpy()
    starts = [i for i in range(len(stages)) if i == 0 or stages[i] != stages[i - 1]]
    return starts, list(stages[starts])


def _draw_stages(ax, final):
    """Part the stages by vertical lines, and name them above the axes."""
    starts, names = _stages(final)
    if len(starts) < 2:
        return []
    lines = [ax.axvline(i + 0.5, color=_QUIET, linewidth=0.8, zorder=1) for i in starts[1:]]
    ends = [*starts[1:], len(final)]
    middles = [(start + 1 + end) / 2 for start, end in zip(starts, ends, strict=True)]
    # An axis of their own: a title that is set later makes room for it.
    labels = ax.secondary_xaxis("top")
    labels.set_xticks(middles, names)
    labels.tick_params(length=0, labelsize="small", labelcolor=_QUIET)
    labels.spines["top"].set_visible(False)
    return lines
