"""The pixels of an image column in a graph, converted as `Resizing` does."""

import numpy as np
from PIL import ImageColor

from skfusion.extraction._center_crop import crop_size
from skfusion.serving.graph._graph_builder import DOUBLE, FLOAT, INT32, UINT8
from skfusion.serving.graph._resample import resize

# The weights of red, green and blue in Pillow's conversion to gray, of 65536.
_LUMA = np.array([19595, 38470, 7471], dtype=np.int32).reshape(1, 1, 1, 3)


def convert_pixels(g, tensor, resizing, background):
    """Return images as an extractor gets them.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    tensor : str
        uint8 of shape (rows, height, width, channels), with 1 to 4 channels.

    resizing : Resizing
        The conversion.

    background : str
        The color under transparent pixels.

    Returns
    -------
    pixels : str
        float32 of shape (rows, height, width, channels), with whole values in 0..255.
    """
    key = ("pixels", tensor, resizing, background)
    if key not in g.cache:
        height, width, channels = resizing.shape
        pixels = _without_alpha(g, tensor, background)
        if resizing.grayscale:
            pixels = _to_gray(g, pixels)
        box = None
        if resizing.crop_fraction is not None:
            box = _crop_box(g, pixels, (height, width), resizing.crop_fraction)
        if not resizing.fixed_size:
            pixels = resize(g, pixels, (height, width), resizing.resample, box)
        pixels = _to_gray(g, pixels) if channels == 1 else g.op("Expand", pixels, [1, 1, 1, 3])
        g.cache[key] = g.cast(pixels, FLOAT)
    return g.cache[key]


def _without_alpha(g, tensor, background):
    """Return uint8 of shape (rows, height, width, 1 or 3), with transparent pixels filled."""
    key = ("opaque", tensor, background)
    if key not in g.cache:
        n_colors = g.dim(tensor, 3)
        is_even = g.op("Equal", g.op("Mod", n_colors, [2]), [0])
        color = np.float32(ImageColor.getrgb(background)[:3])
        g.cache[key] = g.branch(
            is_even,
            lambda: _composite(g, tensor, n_colors, color),
            lambda: tensor,
            UINT8,
            rank=4,
        )
    return g.cache[key]


def _composite(g, pixels, n_channels, color):
    """Lay colors over the background, weighted by the last channel."""
    n_colors = g.op("Sub", n_channels, [1])
    values = g.cast(pixels, FLOAT)
    alpha = g.op("Div", g.op("Slice", values, n_colors, n_channels, [3]), np.float32(255))
    colors = g.op("Slice", values, [0], n_colors, [3])
    gray = np.float32(color @ np.float32([0.299, 0.587, 0.114]))
    under = g.op(
        "Where",
        g.op("Equal", n_colors, [1]),
        np.full((1, 1, 1, 3), gray, dtype=np.float32),
        color.reshape(1, 1, 1, 3),
    )
    under = g.op("Slice", under, [0], n_colors, [3])
    rest = g.op("Mul", under, g.op("Sub", np.float32(1), alpha))
    return g.cast(g.op("Round", g.op("Add", g.op("Mul", colors, alpha), rest)), UINT8)


def _to_gray(g, pixels):
    """Return uint8 of shape (rows, height, width, 1), as Pillow's conversion to gray."""
    values = g.cast(g.op("Expand", pixels, [1, 1, 1, 3]), INT32)
    total = g.op("ReduceSum", g.op("Mul", values, _LUMA), [3], keepdims=1)
    half = g.op("Add", total, np.int32(1 << 15))
    return g.cast(g.op("Div", half, np.int32(1 << 16)), UINT8)


def _crop_box(g, pixels, size, fraction):
    """Return left, top, right and bottom of the center crop, as float64 of one number each."""
    lengths = [g.cast(g.scalar(g.dim(pixels, axis)), DOUBLE) for axis in (1, 2)]
    whole = _resized_lengths(g, lengths, crop_size(size, fraction))
    edges = []
    for length, resized, kept in zip(lengths, whole, size, strict=True):
        start = g.op("Round", g.op("Div", g.op("Sub", resized, float(kept)), 2.0))
        ends = [start, g.op("Add", start, float(kept))]
        ends = [g.op("Div", g.op("Mul", end, length), resized) for end in ends]
        edges.append((ends[0], g.op("Min", ends[1], length)))
    (top, bottom), (left, right) = edges
    # Pillow takes the box in float32.
    return [g.cast(g.cast(edge, FLOAT), DOUBLE) for edge in (left, top, right, bottom)]


def _resized_lengths(g, lengths, least):
    """Return height and width of the whole image where both have at least the least length."""
    (height, width), (least_height, least_width) = lengths, map(float, least)
    width_decides = g.op(
        "LessOrEqual", g.op("Mul", width, least_height), g.op("Mul", height, least_width)
    )
    longer = g.op("Floor", g.op("Div", g.op("Mul", height, least_width), width))
    wider = g.op("Floor", g.op("Div", g.op("Mul", width, least_height), height))
    return (
        g.op("Where", width_decides, g.op("Max", longer, least_height), least_height),
        g.op("Where", width_decides, least_width, g.op("Max", wider, least_width)),
    )
