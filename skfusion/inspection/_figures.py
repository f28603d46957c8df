"""Figures of displays, which a notebook shows, their axes and their titles."""

import textwrap

# The colors of bars and lines: usual ones, those to look at, and marks on both.
GRAY, BLUE, DARK = "#8a9aad", "#2f6fb0", "#222222"
# Characters of the default font in an inch.
_CHARACTERS = 11


def new_figure(width, height):
    """Return a new figure of this size in inches, which fits its axes into its space."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Displays need matplotlib. Install it with pip install 'skfusion[plot]'."
        ) from error
    return plt.figure(figsize=(width, height), layout="constrained")


def given_or_new(ax, width, height):
    """Return the given axes; for None those of a new figure of this size in inches."""
    return new_figure(width, height).add_subplot() if ax is None else ax


def label_bars(ax, names):
    """Write the names of horizontal bars beside them, the first one at the top."""
    ax.set_yticks(range(len(names)), [wrap_label(name) for name in names])
    ax.invert_yaxis()
    ax.spines[["top", "right"]].set_visible(False)


def mark_zero(ax):
    """Draw a thin vertical line at zero, behind the points and over the bars."""
    ax.axvline(0, color=DARK, linewidth=0.8, zorder=1.5)


def wrap_title(title, inches):
    """Break a title into lines of at most this many inches."""
    return textwrap.fill(title, max(16, int(inches * _CHARACTERS)))


def wrap_label(name):
    """Break a name at the left of an axis into at most two lines, so that bars keep their space."""
    return textwrap.fill(str(name), 26, max_lines=2, placeholder="…")
