"""The explanation of a row as HTML, for notebooks and reports."""

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from skfusion.images._pixels import convert_channels, resize_pixels
from skfusion.inspection._explanation_parts import image_and_heat, ranked_columns, source_lines
from skfusion.inspection._heat_colors import NEGATIVE, POSITIVE, overlay
from skfusion.inspection._heat_map import resize_grid

# The longer side of images, in pixels.
_SIDE = 320
_STYLE = (
    ".skfusion-explanation{font:14px/1.4 sans-serif;max-width:60em}"
    ".skfusion-explanation table{border-collapse:collapse;margin:.6em 0}"
    ".skfusion-explanation th{text-align:left;font-weight:normal;padding:.1em .8em .1em 0}"
    ".skfusion-explanation td{padding:.1em .4em;text-align:right}"
    ".skfusion-explanation .bar{display:inline-block;height:.8em}"
    ".skfusion-explanation figure{display:inline-block;margin:.4em 1em .4em 0}"
    ".skfusion-explanation img{max-width:100%;height:auto}"
)


def explanation_html(explanation, row):
    """Return the explanation of one row as HTML; all text is escaped.

    Parameters
    ----------
    explanation : Explanation
        The explanation.

    row : int
        The position of the row.

    Returns
    -------
    html : str
        One element, with a style of its own, and images inside.
    """
    sentence = escape(explanation.describe(row))
    name = escape(explanation.names[row])
    parts = [
        f'<div class="skfusion-explanation"><style>{_STYLE}</style>',
        f"<p><strong>{sentence}</strong></p>",
        _table(f"Shares of the {name}", source_lines(explanation, row)),
    ]
    if explanation.table.shape[1] > 1:
        parts.append(_table("Shares of the table's columns", ranked_columns(explanation, row)))
    parts += [_figure(explanation, column, row) for column in explanation.images]
    return "".join([*parts, "</div>"])


def overlay_png(explanation, column, row, side=_SIDE):
    """Return the image of a row with its regions as a PNG file.

    Parameters
    ----------
    explanation : Explanation
        The explanation.

    column : str
        The image column.

    row : int
        The position of the row.

    side : int, default=320
        The longer side, in pixels; small images are enlarged to it.

    Returns
    -------
    content : bytes or None
        The file; None if the row has no image.
    """
    image, heat = image_and_heat(explanation, column, row)
    if image is None:
        return None
    scale = side / max(image.shape[:2])
    size = tuple(max(1, round(length * scale)) for length in image.shape[:2])
    shown = resize_pixels(image, size, "nearest" if scale > 1 else "bilinear")
    if heat is None:
        shown = convert_channels(shown, 3)
    else:
        shown = overlay(shown, resize_grid(heat, size))
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(shown)).save(buffer, "PNG")
    return buffer.getvalue()


def _figure(explanation, column, row):
    content = overlay_png(explanation, column, row)
    label = escape(str(column))
    if content is None:
        return f"<p>{label}: this row has no image.</p>"
    has_heat = column in explanation.regions
    caption = f"{label}: orange raises, blue lowers" if has_heat else label
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _table(caption, lines):
    largest = max([abs(share) for _, share, _ in lines] + [1e-12])
    rows = []
    for name, share, error in lines:
        width = 8 * abs(share) / largest
        color = POSITIVE if share >= 0 else NEGATIVE
        around = "" if np.isnan(error) else f" ± {error:.2g}"
        rows.append(
            f'<tr><th scope="row">{escape(name.strip())}</th><td>{share:+.3g}{around}</td>'
            f'<td style="text-align:left"><span class="bar" style="width:{width:.2f}em;'
            f'background:{color}"></span></td></tr>'
        )
    return f"<table><caption>{caption}</caption>{''.join(rows)}</table>"
