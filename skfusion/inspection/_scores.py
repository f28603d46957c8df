"""Cross-validated scores of several models in one figure."""

import numpy as np


def draw_scores(scores, path, *, title, highlight, label="accuracy"):
    """Draw each model's mean score and the scores of its folds, and save the figure.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_folds,)
        The scores of each model.

    path : str or PathLike
        Where to save the figure; the ending decides the format.

    title : str
        The title.

    highlight : collection of str
        The models whose bars stand out.

    label : str, default="accuracy"
        What the scores are.
    """
    from matplotlib.figure import Figure  # without pyplot: no window, no global state

    figure = Figure(figsize=(6, 0.9 + 0.6 * len(scores)), layout="constrained")
    axes = figure.add_subplot()
    colors = ["#2f6fb0" if name in highlight else "#8a9aad" for name in scores]
    for position, (values, color) in enumerate(zip(scores.values(), colors, strict=True)):
        axes.barh(position, values.mean(), height=0.55, color=color, alpha=0.85)
        spread = np.linspace(-0.12, 0.12, len(values))
        axes.plot(
            values, position + spread, "o", color="#222222", markersize=4, alpha=0.7, clip_on=False
        )
        axes.annotate(
            f"{values.mean():.3f}",
            (0, position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color="white",
            fontweight="bold",
        )
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"{label} (bar: mean, dots: folds)")
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
