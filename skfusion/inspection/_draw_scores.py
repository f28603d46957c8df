"""Cross-validated scores of several models in one figure."""

import numpy as np

from skfusion.inspection._figures import BLUE, DARK, GRAY, label_bars

# A bar shorter than this has no space for its score.
_SHORT = 0.15


def draw_scores(scores, path, *, title, highlight, label="accuracy"):
    """Draw the mean score of each model and the scores of its folds, and save the figure.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_folds,)
        The scores of each model, from 0 to 1.

    path : str or PathLike
        The file to save to. Its extension decides the format.

    title : str
        The title.

    highlight : collection of str
        The models whose bars are highlighted.

    label : str, default="accuracy"
        The name of the score.
    """
    from matplotlib.figure import Figure  # without pyplot: no window, no global state

    figure = Figure(figsize=(6, 0.9 + 0.6 * len(scores)), layout="constrained")
    axes = figure.add_subplot()
    for position, (name, values) in enumerate(scores.items()):
        color = BLUE if name in highlight else GRAY
        axes.barh(position, values.mean(), height=0.55, color=color, alpha=0.85)
        _draw_folds(axes, position, values)
        _write_mean(axes, position, values)
    label_bars(axes, scores)
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"{label} (bar: mean, dots: folds)", loc="right")
    axes.set_title(title, loc="left")
    figure.savefig(path, dpi=150)


def _draw_folds(axes, position, values):
    offsets = np.linspace(-0.12, 0.12, len(values))
    axes.plot(values, position + offsets, "o", color=DARK, markersize=4, alpha=0.7, clip_on=False)


def _write_mean(axes, position, values):
    """Write the mean score inside its bar, or beside a short bar."""
    is_short = values.mean() < _SHORT
    axes.annotate(
        f"{values.mean():.3f}",
        (max(values.max(), values.mean()) if is_short else 0, position),
        xytext=(8 if is_short else 6, 0),
        textcoords="offset points",
        va="center",
        color=DARK if is_short else "white",
        fontweight="bold",
    )
