"""Pillow's resampling in an ONNX graph, to the last bit of a uint8.

Pillow resizes rows and columns of pixels one after the other. Each new pixel is a weighted sum of
old ones. The weights are whole numbers of 22 bits, computed from the size of the image, which the
graph finds at run time. ONNX's own operator Resize rounds differently, and differs at the edges.
"""

import numpy as np
import PIL
from onnx import TensorProto

_PRECISION = 22
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
        uint8 of shape (rows, height, width, channels).

    size : tuple (height, width)
        The new size.

    resample : str
        "nearest", "box", "bilinear", "bicubic" or "lanczos".

    box : tuple of str (left, top, right, bottom) or None, default=None
        The part to resize, as float64 tensors of one number; None is all.

    Returns
    -------
    resized : str
        uint8 of shape (rows, *size, channels).
    """
    steps = {}
    for axis, length in ((2, size[1]), (1, size[0])):
        old = g.scalar(g.dim(pixels, axis))
        edges = (0.0, g.cast(old, TensorProto.DOUBLE))
        if box is not None:
            edges = (box[2 - axis], box[4 - axis])
        if resample == "nearest":
            pixels = g.op("Gather", pixels, _nearest(g, edges, length), axis=axis)
        else:
            steps[axis] = _taps(g, old, edges, length, resample)
    if not steps:
        return pixels
    if not _CHOOSES_ORDER:
        return _both_steps(g, pixels, steps, (2, 1))
    return g.branch(
        _columns_first(g, pixels, size),
        lambda: _both_steps(g, pixels, steps, (1, 2)),
        lambda: _both_steps(g, pixels, steps, (2, 1)),
        TensorProto.UINT8,
        rank=4,
    )


def _columns_first(g, pixels, size):
    """Return whether Pillow 13 resizes columns of pixels first."""
    fewer_rows = g.op("Sub", g.dim(pixels, 1), [size[0]])
    fewer_columns = g.op("Max", g.op("Sub", g.dim(pixels, 2), [size[1]]), [0])
    return g.op("Greater", fewer_rows, g.op("Mul", fewer_columns, [2]))


def _both_steps(g, pixels, steps, order):
    """Return pixels that are resized along both axes."""
    for axis in order:
        # Along the first axis of an image, whole rows of bytes are added up.
        if axis == 2:
            pixels = g.op("Transpose", pixels, perm=[0, 2, 1, 3])
        pixels = _weighted_sums(g, pixels, *steps[axis])
        if axis == 2:
            pixels = g.op("Transpose", pixels, perm=[0, 2, 1, 3])
    return pixels


def _nearest(g, edges, length):
    """Return the positions of the pixels that are kept; Pillow adds up steps."""
    scale = g.op("Div", g.op("Sub", edges[1], edges[0]), float(length))
    start = g.op("Add", edges[0], g.op("Mul", scale, 0.5))
    steps = g.op("Expand", g.op("Unsqueeze", scale, [0]), [length - 1])
    both = g.op("Concat", g.op("Unsqueeze", start, [0]), steps, axis=0)
    return g.cast(g.op("Floor", g.op("CumSum", both, 0)), TensorProto.INT64)


def _taps(g, old, edges, length, resample):
    """Return which pixels are added up, and their weights.

    Returns
    -------
    positions : str
        int64 of shape (taps, length): for each new pixel the positions of old ones.

    weights : str
        int32 of shape (taps, length): their weights; 0 for positions that aren't used.
    """
    function, reach = _FILTERS[resample]
    start, end = edges
    old_length = g.cast(old, TensorProto.DOUBLE)
    scale = g.op("Div", g.op("Sub", end, start), float(length))
    stretch = g.op("Max", scale, 1.0)
    support = g.op("Mul", stretch, reach)
    centers = g.op("Add", g.op("Mul", np.arange(length)[None, :] + 0.5, scale), start)
    first = g.op("Max", g.op("Floor", g.op("Add", g.op("Sub", centers, support), 0.5)), 0.0)
    last = g.op("Min", g.op("Floor", g.op("Add", g.op("Add", centers, support), 0.5)), old_length)
    most = g.cast(g.op("ReduceMax", g.op("Sub", last, first), keepdims=0), TensorProto.INT64)
    taps = g.op("Unsqueeze", g.cast(g.op("Range", 0, most, 1), TensorProto.DOUBLE), [1])
    positions = g.op("Add", first, taps)
    distance = g.op("Add", g.op("Sub", positions, centers), 0.5)
    values = function(g, g.op("Mul", distance, g.op("Div", 1.0, stretch)))
    values = g.op("Where", g.op("Less", positions, last), values, 0.0)
    values = g.op("Div", values, g.op("ReduceSum", values, [0], keepdims=1))
    inside = g.op("Min", positions, g.op("Sub", old_length, 1.0))
    return g.cast(inside, TensorProto.INT64), _whole(g, values)


def _whole(g, values):
    """Return weights as whole numbers, rounded as Pillow does."""
    scaled = g.op("Mul", values, float(1 << _PRECISION))
    up = g.op("Floor", g.op("Add", scaled, 0.5))
    down = g.op("Ceil", g.op("Sub", scaled, 0.5))
    return g.cast(g.op("Where", g.op("Less", scaled, 0.0), down, up), TensorProto.INT32)


def _weighted_sums(g, pixels, positions, weights):
    """Return new pixels along axis 1, by one old pixel after the other."""
    shape = g.op("Shape", pixels)
    length = g.dim(positions, 1)
    new_shape = g.op(
        "Concat", g.op("Slice", shape, [0], [1]), length, g.op("Slice", shape, [2], [4]), axis=0
    )

    def add(number, total):
        chosen = g.op("Gather", pixels, g.op("Gather", positions, number), axis=1)
        weight = g.op("Reshape", g.op("Gather", weights, number), [1, -1, 1, 1])
        return g.op("Add", total, g.op("Mul", g.cast(chosen, TensorProto.INT32), weight))

    half = g.op("Expand", np.int32(1 << (_PRECISION - 1)), new_shape)
    count = g.scalar(g.dim(positions, 0))
    total = g.loop(count, half, add, TensorProto.INT32, rank=4)
    quotient = g.op("Div", total, np.int32(1 << _PRECISION))
    clipped = g.op("Min", g.op("Max", quotient, np.int32(0)), np.int32(255))
    return g.cast(clipped, TensorProto.UINT8)
