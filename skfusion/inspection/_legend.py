"""Placement of legends in axes of any width."""

# Axes narrower than this, in inches, have no space for a legend inside.
_NARROW = 4.5
# The distance from the axes to the legend below them, in inches.
_BELOW = 0.45


def place_legend(ax, **options):
    """Add a legend inside the axes, or below them if they are narrow.

    A legend below the axes needs a figure with a layout engine, which makes space for it. Without
    one the legend stays inside.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.

    **options : dict
        Arguments of ``ax.legend``.
    """
    from matplotlib.transforms import ScaledTranslation

    figure = ax.figure
    width = ax.get_position().width * figure.get_figwidth()
    if width >= _NARROW or figure.get_layout_engine() is None:
        ax.legend(**options)
        return
    below = ax.transAxes + ScaledTranslation(0, -_BELOW, figure.dpi_scale_trans)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, **options)
