"""Draw the regions of an image over it, with a color bar that shows the sign."""

from skfusion.inspection._heat_colors import color_limit, color_map, overlay


def draw_regions(ax, image, heat, name):
    """Draw an image with its regions.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.

    image : ndarray of shape (height, width, 1 or 3), uint8
        The image.

    heat : ndarray of shape (height, width) or None
        The amounts; None draws the image alone.

    name : str
        What is predicted, in words.

    Returns
    -------
    drawn : matplotlib AxesImage
        The image with its regions.

    bar : matplotlib Colorbar or None
        The color bar, which is right of the image.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    if heat is None:
        shown = image if image.shape[2] == 3 else image.repeat(3, axis=2)
        drawn, bar = ax.imshow(shown), None
    else:
        limit = color_limit(heat)
        drawn = ax.imshow(overlay(image, heat, limit))
        mappable = ScalarMappable(Normalize(-limit, limit), color_map())
        bar = ax.figure.colorbar(mappable, ax=ax, fraction=0.046, pad=0.03, format="%+.2g")
        bar.set_label(f"change of the {name}\n− lowers it, + raises it")
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)")
    return drawn, bar
