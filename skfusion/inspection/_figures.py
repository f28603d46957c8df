"""Figures of displays, which a notebook shows, and their titles."""

import textwrap

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


def wrap_title(title, inches):
    """Break a title into lines of at most this many inches."""
    return textwrap.fill(title, max(16, int(inches * _CHARACTERS)))


def wrap_label(name):
    """Break a name at the left of an axis into at most two lines, so that bars keep their space."""
    return textwrap.fill(str(name), 26, max_lines=2, placeholder="…")
