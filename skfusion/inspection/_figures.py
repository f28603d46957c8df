"""Figures of displays: without pyplot, so that no window opens and no global state changes."""

import textwrap

# Characters of the default font in an inch.
_CHARACTERS = 11


def new_figure(width, height):
    """Return a new figure of this size in inches, which fits its axes into its space."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def wrap_title(title, ax):
    """Break a title into lines that fit the width of the figure of some axes."""
    return textwrap.fill(title, max(20, int(ax.figure.get_figwidth() * _CHARACTERS)))
