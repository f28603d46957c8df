"""The parts of an explanation that displays and reports draw."""

import numpy as np
import pandas as pd

from skfusion.images._pixels import convert_channels, resize_pixels
from skfusion.inspection._heat_map import resize_grid

# Images of more pixels along a side are drawn smaller.
LONGEST = 1024


def check_regions(explanation, column):
    """Raise an error unless an explanation has the regions of an image column."""
    if column in explanation.regions:
        return
    if column is not None and column not in explanation.images:
        explanation.image(column)  # names the columns that there are
    raise ValueError(
        "The explanation has no regions to draw: it was made with regions=False. Call explain, or "
        "from_estimator, with regions=True."
    )


def image_and_heat(explanation, column, row):
    """Return the image of a row and its regions, at most 1024 pixels wide or high.

    Parameters
    ----------
    explanation : Explanation
        The explanation.

    column : str
        The image column.

    row : int
        The position of the row.

    Returns
    -------
    image : ndarray of shape (height, width, 1 or 3), uint8, or None
        The image; the first of several; None if the row has none.

    heat : ndarray of shape (height, width) or None
        Its regions, where they were computed.
    """
    image = explanation.image(column, row)
    if image is None:
        return None, None
    heat = None
    if column in explanation.regions:
        heat = explanation.regions[column].maps[row]
    if isinstance(image, list):
        image, heat = image[0], None if heat is None else heat[0]
    scale = min(1.0, LONGEST / max(image.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in image.shape[:2])
    shown = np.asarray(resize_pixels(image, size))
    return shown, None if heat is None else resize_grid(heat.grid, size)


def mean_image_and_heat(explanation, column):
    """Return the mean image and the mean regions of all rows that have one image.

    Parameters
    ----------
    explanation : Explanation
        The explanation, with regions.

    column : str
        The image column. Its images are aligned.

    Returns
    -------
    image : ndarray of shape (height, width, 3), uint8
        The mean, in the size of the first image.

    heat : ndarray of shape (height, width)
        The mean amounts.
    """
    maps = explanation.regions[column].maps
    rows = [row for row, one in enumerate(maps) if one is not None and not isinstance(one, list)]
    if not rows:
        raise ValueError(f"No row has exactly one image in column {column!r}.")
    size = image_and_heat(explanation, column, rows[0])[0].shape[:2]
    image, heat = np.zeros((*size, 3)), np.zeros(size)
    for row in rows:
        shown = convert_channels(explanation.image(column, row), 3)
        image += resize_pixels(shown, size)
        heat += resize_grid(maps[row].grid, size)
    return np.rint(image / len(rows)).astype(np.uint8), heat / len(rows)


def ranked_columns(explanation, row, most=10):
    """Return the shares of the columns of the table, the largest first, and those of the rest.

    Parameters
    ----------
    explanation : Explanation
        The explanation.

    row : int
        The position of the row.

    most : int, default=10
        The number of columns that are listed.

    Returns
    -------
    lines : list of tuple (str, float, float)
        Name and value of each column, its share, and the standard error.
    """
    shares = explanation.table.iloc[row]
    errors = explanation.table_error
    order = shares.abs().sort_values(ascending=False, kind="stable").index
    lines = []
    for name in order[:most]:
        error = np.nan if errors is None else float(errors[name].iloc[row])
        lines.append((f"{name}{_value(explanation, name, row)}", float(shares[name]), error))
    rest = order[most:]
    if len(rest):
        lines.append((f"{len(rest)} other columns", float(shares[rest].sum()), np.nan))
    return lines


def _value(explanation, name, row):
    if explanation.data is None or name not in explanation.data:
        return ""
    value = explanation.data[name].iloc[row]
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return " is missing"
    text = f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)
    return f" = {text if len(text) <= 24 else text[:23] + '…'}"


def source_lines(explanation, row):
    """Return name, share and standard error of each source of a row."""
    shares = explanation.sources.iloc[row]
    errors = explanation.sources_error
    return [
        (
            str(name),
            float(shares[name]),
            np.nan if errors is None else float(errors[name].iloc[row]),
        )
        for name in explanation.sources.columns
    ]
