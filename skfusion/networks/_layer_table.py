"""The layers of a network as a table: their kind, size and number of columns."""

from math import prod

import pandas as pd

from skfusion.networks._cutting import cuttable_layers
from skfusion.networks._pooling import POOLINGS, pooled_width
from skfusion.networks.runtimes._keras import import_keras

_HEAD = ("layer", "kind", "shape", "columns", "parameters", "trainable")
_RIGHT = {"columns", "parameters"}


def layer_table(model):
    """Describe each layer of a Keras model except its input.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential model.

    Returns
    -------
    table : list of dict
        For each layer, as data that JSON can hold: "layer" (its name), "kind" (its class),
        "shape" (of its output for one image; None if it has several outputs), "width" (the
        columns of a cut there without pooling; None if it can't be cut), "parameters" (their
        number) and "trainable".

    Examples
    --------
    >>> from skfusion.networks.backbones._building import build_network
    >>> from skfusion.networks._layer_table import layer_table
    >>> network = build_network("small_cnn", input_shape=(28, 28, 1))
    >>> layer_table(network.to_model())[0]
    {'layer': 'conv1', 'kind': 'Conv2D', 'shape': [26, 26, 32], 'width': 21632,
     'parameters': 320, 'trainable': True}
    """
    keras = import_keras()
    cuts = cuttable_layers(model)
    return [
        {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "shape": _output_shape(layer),
            "width": prod(cuts[layer.name].shape[1:]) if layer.name in cuts else None,
            "parameters": layer.count_params(),
            "trainable": bool(layer.trainable),
        }
        for layer in model.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]


def _output_shape(layer):
    """Return the output shape of the layer's last call, which is the one that can be cut."""
    outputs = layer._inbound_nodes[-1].output_tensors if layer._inbound_nodes else []
    return list(outputs[0].shape[1:]) if len(outputs) == 1 else None


def format_layers(table, cut=None, title=None):
    """Format a table of layers as text.

    Parameters
    ----------
    table : list of dict
        From `layer_table`.

    cut : str or None, default=None
        The layer to mark as the one at which the network is cut.

    title : str or None, default=None
        A line above the table.

    Returns
    -------
    text : str
        The table in fixed-width form; the last line holds the total of parameters.

    Raises
    ------
    ValueError
        If the table has no layer `cut`.

    Examples
    --------
    >>> from skfusion.networks._layer_table import format_layers
    >>> conv = {"layer": "conv1", "kind": "Conv2D", "shape": [26, 26, 32], "width": 21632}
    >>> flat = {"layer": "flatten", "kind": "Flatten", "shape": [21632], "width": 21632}
    >>> table = [
    ...     {**conv, "parameters": 320, "trainable": True},
    ...     {**flat, "parameters": 0, "trainable": True},
    ... ]
    >>> print(format_layers(table, cut="flatten", title="small_cnn"))
    small_cnn
    layer    kind     shape         columns  parameters  trainable
    ──────────────────────────────────────────────────────────────
    conv1    Conv2D   26 × 26 × 32   21,632         320  yes
    flatten  Flatten  21632          21,632           0             ← cut
    ──────────────────────────────────────────────────────────────
    total                                           320
    """
    names = [line["layer"] for line in table]
    if cut is not None and cut not in names:
        raise ValueError(f"The table has no layer {cut!r}. Its layers are: {', '.join(names)}.")
    total = f"{sum(line['parameters'] for line in table):,}"
    lines = [_HEAD, *map(_cells, table), ("total", "", "", "", total, "")]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head, *body, last = [_align(cells, widths) for cells in lines]
    marked = [
        f"{text}  ← cut" if name == cut else text for name, text in zip(names, body, strict=True)
    ]
    rule = "─" * len(head)
    text = [head, rule, *marked, rule, last]
    return "\n".join(line.rstrip() for line in ([] if title is None else [title]) + text)


def _cells(line):
    """Return the texts of one layer; the last is empty for a layer without parameters."""
    return (
        line["layer"],
        line["kind"],
        "-" if line["shape"] is None else " × ".join(map(_size, line["shape"])),
        "-" if line["width"] is None else f"{line['width']:,}",
        f"{line['parameters']:,}",
        ("yes" if line["trainable"] else "no") if line["parameters"] else "",
    )


def _size(size):
    return "?" if size is None else str(size)


def _align(cells, widths):
    return "  ".join(
        cell.rjust(width) if name in _RIGHT else cell.ljust(width)
        for name, cell, width in zip(_HEAD, cells, widths, strict=True)
    )


def layers_frame(table, pooling=None):
    """List the layers that can be cut, with the number of columns of each cut.

    Parameters
    ----------
    table : list of dict
        From `layer_table`.

    pooling : str or None, default=None
        How feature maps or tokens become a vector; None flattens them.

    Returns
    -------
    frame : DataFrame
        The table with the columns layer, shape (a tuple) and width.

    Examples
    --------
    >>> from skfusion.networks.backbones._building import build_network
    >>> from skfusion.networks._layer_table import layer_table, layers_frame
    >>> network = build_network("small_cnn", input_shape=(28, 28, 1))
    >>> layers_frame(layer_table(network.to_model()), "avg").head(3)
       layer         shape  width
    0  conv1  (26, 26, 32)     32
    1  pool1  (13, 13, 32)     32
    2  conv2  (11, 11, 64)     64
    """
    if pooling not in (*POOLINGS, None):
        raise ValueError(f"pooling must be one of {POOLINGS} or None. Got {pooling!r} instead.")
    rows = []
    for line in table:
        if line["width"] is not None:
            width = pooled_width(line["shape"], pooling)
            rows.append((line["layer"], tuple(line["shape"]), width))
    return pd.DataFrame(rows, columns=["layer", "shape", "width"])
