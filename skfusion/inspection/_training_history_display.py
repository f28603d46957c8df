"""TrainingHistoryDisplay: loss and metrics of a training, epoch by epoch."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skfusion.inspection._figures import BLUE, given_or_new
from skfusion.inspection._legend import place_legend

# The value of `history_["fold"]` for the network that is trained on all rows.
FINAL = -1

# Columns of a history that are not metrics. Metrics of validation have the prefix `val_`.
_KEYS = {"column", "fold", "stage", "epoch", "learning_rate"}
_LABELS = {"r2": "R2"}
_COLORS = {"training": BLUE, "validation": "#d9661f"}
_QUIET = "#6b7280"


class TrainingHistoryDisplay:
    """Draw the loss or another metric of a network, epoch by epoch.

    For a `CNNEmbedder` with `cv`, the curves of the final network are drawn in front of the
    validation curves of the networks of the folds, which are pale. Use `from_estimator`, or the
    method `plot_history` of the estimator.

    Parameters
    ----------
    history : DataFrame
        The `history_` of a fitted `CNNEmbedder`, `DenseClassifier` or `DenseRegressor`.

    column : str or None, default=None
        The column of images to draw. It may be None if there is only one.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curves.

    figure_ : matplotlib Figure
        The figure around them.

    lines_ : list of matplotlib Line2D
        The training curve of the final network, and its validation curve if rows were held out.

    fold_lines_ : list of matplotlib Line2D
        One validation curve for each fold.

    best_ : matplotlib Line2D
        The marker of the epoch in the last stage with the lowest validation loss (training loss,
        if no rows were held out). With early stopping, the weights of this epoch are kept.

    stage_lines_ : list of matplotlib Line2D
        The vertical lines between the stages of the final network.

    See Also
    --------
    CNNEmbedder : Trains networks on images.
    DenseClassifier : Trains a network on columns of numbers.

    Notes
    -----
    The epochs of a network are counted through all its stages. With early stopping, the network of
    a fold may have changed from one stage to the next at another epoch than the final network.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion import TrainingHistoryDisplay
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
    'lowest validation loss (epoch 2)'
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
            The column of images to draw. It may be None if there is only one.

        metric : {"loss", "accuracy", "r2"}, default="loss"
            The metric: the loss, or "accuracy" for classes, or "r2" for numbers.

        ax : matplotlib Axes or None, default=None
            The axes to draw on. None creates a figure.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display, with its attributes.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "history_"):
            raise TypeError(
                f"{type(estimator).__name__} has no training history. Pass a fitted CNNEmbedder, "
                "DenseClassifier or DenseRegressor. For a Pipeline, pass the step."
            )
        return cls(estimator.history_, column=column).plot(ax, metric=metric)

    def plot(self, ax: Any = None, *, metric: str = "loss") -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            The axes to draw on. None creates a figure.

        metric : {"loss", "accuracy", "r2"}, default="loss"
            The metric: the loss, or "accuracy" for classes, or "r2" for numbers.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If there are several columns of images and `column` is None, or the history does not
            have the column or the metric.
        """
        column, rows = self._rows()
        _check_metric(metric, rows)
        final = rows[rows["fold"] == FINAL]
        ax = given_or_new(ax, 7, 4)
        from matplotlib.ticker import MaxNLocator  # `given_or_new` raises an error without it

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
        margin = max(0.5, 0.02 * n_epochs)  # at least as wide as the marker
        ax.set(
            xlabel="epoch", ylabel=_LABELS.get(metric, metric), xlim=(1 - margin, n_epochs + margin)
        )
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.spines[["top", "right"]].set_visible(False)
        title = column if self._has_several_columns() else None
        place_legend(ax, title=title, frameon=False, fontsize="small")
        return self

    def _has_several_columns(self):
        return "column" in self.history and self.history["column"].nunique() > 1

    def _rows(self):
        """Return the name of the column to draw, and its epochs with the metrics that it has."""
        if "column" not in self.history:  # a head, which has the final network only
            if self.column is not None:
                raise ValueError(
                    f"column={self.column!r} was passed, but this is the history of one network "
                    "that uses all columns. Pass column=None."
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


def _check_metric(metric, rows):
    metrics = [name for name in rows if name not in _KEYS and not name.startswith("val_")]
    if metric not in metrics:
        raise ValueError(
            f"The history has no metric {metric!r}. Its metrics are: "
            f"{', '.join(map(repr, metrics))}."
        )


def _draw_curve(ax, values, **style):
    """Draw one value for each epoch; a single value is drawn as a point."""
    (line,) = ax.plot(
        range(1, len(values) + 1), values, marker="o" if len(values) == 1 else "", **style
    )
    return line


def _draw_folds(ax, rows, name):
    """Draw the validation curves of the folds, with one entry in the legend."""
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
    """Mark the best epoch of early stopping on the curve."""
    watched, kind = ("val_loss", "validation") if "val_loss" in final else ("loss", "training")
    starts, names = _stages(final)
    stage = f" in {names[-1]}" if len(names) > 1 else ""
    losses = final[watched].to_numpy()
    best = starts[-1] + int(np.nanargmin(losses[starts[-1] :]))  # the first one if several
    (marker,) = ax.plot(
        best + 1,
        line.get_ydata()[best],
        linestyle="",
        marker="o",
        markersize=9,
        markerfacecolor="white",
        markeredgecolor=line.get_color(),
        markeredgewidth=2,
        label=f"lowest {kind} loss{stage} (epoch {best + 1})",
        zorder=4,
    )
    return marker


def _stages(final):
    """Return the first epoch and the name of each stage."""
    if "stage" not in final:
        return [0], [""]
    stages = final["stage"].to_numpy()
    starts = [i for i in range(len(stages)) if i == 0 or stages[i] != stages[i - 1]]
    return starts, list(stages[starts])


def _draw_stages(ax, final):
    """Draw vertical lines between stages, and their names above the axes."""
    starts, names = _stages(final)
    if len(starts) < 2:
        return []
    lines = [ax.axvline(i + 0.5, color=_QUIET, linewidth=0.8, zorder=1) for i in starts[1:]]
    ends = [*starts[1:], len(final)]
    middles = [(start + 1 + end) / 2 for start, end in zip(starts, ends, strict=True)]
    # A secondary axis, so that a title that is set later is placed above it.
    labels = ax.secondary_xaxis("top")
    labels.set_xticks(middles, names)
    labels.tick_params(length=0, labelsize="small", labelcolor=_QUIET)
    labels.spines["top"].set_visible(False)
    return lines
