"""Pillow's resampling in an ONNX graph, to the last bit of a uint8.

Pillow resizes rows and columns of pixels one after the other. Each new pixel is a weighted sum of
old ones. The weights are whole numbers of 22 bits, computed from the size of the image, which the
graph finds at run time. ONNX's own operator Resize rounds differently, and differs at the edges.
"""

import numpy as np
import PIL
from onnx import TensorProto

_PRECISION = 22
# The weights are split into multiples of this and rests, so that sums of products are exact in
# float32, whose multiplication of matrices is fast everywhere.
_SPLIT = 256
# Since version 13, Pillow resizes columns first where that makes the image smaller sooner.
_CHOOSES_ORDER = int(PIL.__version__.split(".")[0]) >= 13


def _hat(g, x):
    return g.op("Max", g.op("Sub", 1.0, g.op("Abs", x)), 0.0)


def _box(g, x):
    inside = g.op("And", g.op("Greater", x, -0.5), g.op("LessOrEqual", x, 0.5))
    return g.cast(inside, TensorProto.DOUBLE)


def _cubic(g, x, a=-0.5):
    x = g.op("Abs", x)
    near = g.op("Sub", g.op("Mul", x, a + 2), a + 3)
    near = g.op("Add", g.op("Mul", g.op("Mul", near, x), x), 1.0)
    far = g.op("Add", g.op("Mul", g.op("Sub", x, 5.0), x), 8.0)
    far = g.op("Mul", g.op("Sub", g.op("Mul", far, x), 4.0), a)
    far = g.op("Where", g.op("Less", x, 2.0), far, 0.0)
    return g.op("Where", g.op("Less", x, 1.0), near, far)


def _lanczos(g, x):
    inside = g.op("And", g.op("GreaterOrEqual", x, -3.0), g.op("Less", x, 3.0))
    product = g.op("Mul", _sinc(g, x), _sinc(g, g.op("Div", x, 3.0)))
    return g.op("Where", inside, product, 0.0)


def _sinc(g, x):
    angle = g.op("Mul", x, float(np.pi))
    is_zero = g.op("Equal", angle, 0.0)
    return g.op("Where", is_zero, 1.0, g.op("Div", g.op("Sin", angle), angle))


# The functions and the distance, in pixels, from which they are 0.
_FILTERS = {
    "box": (_box, 0.5),
    "bilinear": (_hat, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}


def resize(g, pixels, size, resample, box=None):
    """Resize images as Pillow does.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    pixels : str
        uint8 of shape (rows, channels, height, width).

    size : tuple (height, width)
        The new size.

    resample : str
        "nearest", "box", "bilinear", "bicubic" or "lanczos".

    box : tuple of str (left, top, right, bottom) or None, default=None
        The part to resize, as float64 tensors of one number; None is all.

    Returns
    -------
    resized : str
        uint8 of shape (rows, channels, *size).
    """
    steps = {}
    for axis, length in ((3, size[1]), (2, size[0])):
        old = g.dim(pixels, axis)
        edges = (0.0, g.cast(g.scalar(old), TensorProto.DOUBLE))
        if box is not None:
            edges = (box[3 - axis], box[5 - axis])
        if resample == "nearest":
            pixels = g.op("Gather", pixels, _nearest(g, edges, length), axis=axis)
        else:
            steps[axis] = _split(g, _weights(g, g.scalar(old), edges, length, resample))
    if not steps:
        return pixels
    if not _CHOOSES_ORDER:
        return _both_steps(g, pixels, steps, (3, 2))
    return g.branch(
        _columns_first(g, pixels, size),
        lambda: _both_steps(g, pixels, steps, (2, 3)),
        lambda: _both_steps(g, pixels, steps, (3, 2)),
        TensorProto.UINT8,
        rank=4,
    )


def _columns_first(g, pixels, size):
    """Return whether Pillow 13 resizes columns of pixels first."""
    fewer_rows = g.op("Sub", g.dim(pixels, 2), [size[0]])
    fewer_columns = g.op("Max", g.op("Sub", g.dim(pixels, 3), [size[1]]), [0])
    return g.op("Greater", fewer_rows, g.op("Mul", fewer_columns, [2]))


def _both_steps(g, pixels, steps, order):
    for axis in order:
        pixels = _weighted_sums(g, pixels, steps[axis], axis)
    return pixels


def _nearest(g, edges, length):
    """Return the positions of the pixels that are kept; Pillow adds up steps."""
    scale = g.op("Div", g.op("Sub", edges[1], edges[0]), float(length))
    start = g.op("Add", edges[0], g.op("Mul", scale, 0.5))
    steps = g.op("Expand", g.op("Unsqueeze", scale, [0]), [length - 1])
    both = g.op("Concat", g.op("Unsqueeze", start, [0]), steps, axis=0)
    return g.cast(g.op("Floor", g.op("CumSum", both, 0)), TensorProto.INT64)


def _weights(g, old, edges, length, resample):
    """Return the weights as whole float64 numbers of shape (length, old)."""
    function, reach = _FILTERS[resample]
    start, end = edges
    old_length = g.cast(old, TensorProto.DOUBLE)
    scale = g.op("Div", g.op("Sub", end, start), float(length))
    stretch = g.op("Max", scale, 1.0)
    support = g.op("Mul", stretch, reach)
    centers = g.op("Add", g.op("Mul", np.arange(length)[:, None] + 0.5, scale), start)
    positions = g.cast(g.op("Range", 0, old, 1), TensorProto.DOUBLE)
    first = g.op("Floor", g.op("Add", g.op("Sub", centers, support), 0.5))
    last = g.op("Min", g.op("Floor", g.op("Add", g.op("Add", centers, support), 0.5)), old_length)
    is_used = g.op("And", g.op("GreaterOrEqual", positions, first), g.op("Less", positions, last))
    distance = g.op("Add", g.op("Sub", positions, centers), 0.5)
    values = function(g, g.op("Mul", distance, g.op("Div", 1.0, stretch)))
    values = g.op("Where", is_used, values, 0.0)
    values = g.op("Div", values, g.op("ReduceSum", values, [1], keepdims=1))
    scaled = g.op("Mul", values, float(1 << _PRECISION))
    up = g.op("Floor", g.op("Add", scaled, 0.5))
    down = g.op("Ceil", g.op("Sub", scaled, 0.5))
    return g.op("Where", g.op("Less", scaled, 0.0), down, up)


def _split(g, weights):
    """Return the high and the low part of weights."""
    high = g.op("Floor", g.op("Div", weights, float(_SPLIT)))
    low = g.op("Sub", weights, g.op("Mul", high, float(_SPLIT)))
    return [g.cast(part, TensorProto.FLOAT) for part in (high, low)]


def _weighted_sums(g, pixels, parts, axis):
    """Return the new pixels along an axis."""
    values = g.cast(pixels, TensorProto.FLOAT)
    sums = []
    for part in parts:
        if axis == 3:
            product = g.op("MatMul", values, g.op("Transpose", part, perm=[1, 0]))
        else:
            product = g.op("MatMul", part, values)
        sums.append(g.cast(product, TensorProto.INT32))
    half = np.int32(1 << (_PRECISION - 1))
    total = g.op("Add", g.op("Mul", sums[0], np.int32(_SPLIT)), g.op("Add", sums[1], half))
    quotient = g.op("Div", total, np.int32(1 << _PRECISION))
    clipped = g.op("Min", g.op("Max", quotient, np.int32(0)), np.int32(255))
    return g.cast(clipped, TensorProto.UINT8)
