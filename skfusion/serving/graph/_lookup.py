"""Encoders of categories in a graph: a table with a line for each category."""

import math

import numpy as np
import pandas as pd
from sklearn.preprocessing import OneHotEncoder

from skfusion.serving.graph._columns import MISSING_TEXT, Matrix, as_columns
from skfusion.serving.graph._graph_builder import DOUBLE, INT64
from skfusion.serving.graph._not_convertible import NotConvertible

# A cell for categories that `fit` has not seen, and its values for encoders.
_UNKNOWN = object()
_UNKNOWN_TEXT, _UNKNOWN_NUMBER = "skfusion: none of the categories", -1.2345678e300


def convert_lookup(g, encoder, inputs):
    """Return the columns of OneHotEncoder, OrdinalEncoder or TargetEncoder.

    The encoder itself encodes each category; the graph looks the results up.
    """
    blocks, width = [], 0
    for i, column in enumerate(as_columns(g, inputs)):
        block, n_columns = _encode(g, encoder, column, i)
        blocks.append(block)
        width += n_columns
    return Matrix(g.concat(blocks), width)


def _encode(g, encoder, column, position):
    categories = list(encoder.categories_[position])
    refuses = _refuses_unknown(encoder, position)
    table = _lines(encoder, position, categories, refuses)
    shown = [each for each in categories if not is_missing(each)]
    if len(shown) and all(isinstance(each, str) for each in shown):
        tensor = column.read(
            g,
            "category",
            categories=[str(each) for each in shown],
            missing=MISSING_TEXT if len(shown) < len(categories) or not refuses else None,
            allows_unknown=not refuses,
        )
        index = find_text(g, tensor, categories)
    else:
        numbers = np.array([np.nan if is_missing(each) else each for each in categories], float)
        tensor = column.read(
            g,
            "number",
            categories=[float(each) for each in shown],
            allows_missing=len(shown) < len(categories) or not refuses,
            allows_unknown=not refuses,
        )
        index = _find_number(g, tensor, numbers)
    if refuses:
        g.invalid.append(g.op("Equal", index, [[len(categories)]]))
    return g.op("Gather", table, g.op("Squeeze", index, [1]), axis=0), table.shape[1]


def find_text(g, tensor, categories):
    """Return the position of each text among categories, or their number for another text.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    tensor : str
        Text of shape (rows, 1).

    categories : list
        Text; None or NaN for a missing cell.
    """
    keys = [MISSING_TEXT if is_missing(each) else str(each) for each in categories]
    if len(set(keys)) < len(keys):
        raise NotConvertible(f"a column has the category {MISSING_TEXT!r}, which marks empty cells")
    return g.op(
        "LabelEncoder",
        tensor,
        domain="ai.onnx.ml",
        keys_strings=keys,
        values_int64s=list(range(len(keys))),
        default_int64=len(keys),
    )


def is_missing(cell):
    """Return whether a category is that of missing cells."""
    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def _find_number(g, tensor, categories):
    """Return the position of each number among categories, or their number for another."""
    found = g.op("Equal", tensor, categories.reshape(1, -1))
    if np.isnan(categories).any():
        empty = g.op("And", g.op("IsNaN", tensor), np.isnan(categories).reshape(1, -1))
        found = g.op("Or", found, empty)
    found = g.cast(found, DOUBLE)
    any_found = g.op("ReduceMax", found, [1], keepdims=1)
    columns = g.op("Concat", found, g.op("Sub", 1.0, any_found), axis=1)
    return g.cast(g.op("ArgMax", columns, axis=1, keepdims=1), INT64)


def _refuses_unknown(encoder, position):
    """Return whether the encoder raises an error for an unknown category."""
    try:
        _probe(encoder, position, [_UNKNOWN])
    except ValueError:
        return True
    return False


def _lines(encoder, position, categories, refuses):
    """Return an array with a line for each category, and one for unknown ones."""
    cells = [*categories, *([] if refuses else [_UNKNOWN])]
    lines = _probe(encoder, position, cells)
    if refuses:
        lines = np.vstack([lines, np.zeros((1, lines.shape[1]))])
    return np.ascontiguousarray(lines, dtype=np.float64)


def _probe(encoder, position, cells):
    """Return what the encoder makes of cells of one column."""
    first = [next(iter(categories)) for categories in encoder.categories_]
    kinds = [np.asarray(categories).dtype.kind for categories in encoder.categories_]
    columns = {}
    for i, (start, kind) in enumerate(zip(first, kinds, strict=True)):
        values = [start] * len(cells)
        if i == position:
            of_text = any(isinstance(each, str) for each in encoder.categories_[i])
            unknown = _UNKNOWN_TEXT if of_text else _UNKNOWN_NUMBER
            values = [unknown if cell is _UNKNOWN else cell for cell in cells]
        columns[i] = pd.Series(values, dtype=object if kind in "OU" else float)
    names = getattr(encoder, "feature_names_in_", list(columns))
    table = pd.DataFrame(columns).set_axis(names, axis=1)
    if not hasattr(encoder, "feature_names_in_"):
        table = table.to_numpy()
    made = encoder.transform(table)
    made = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
    start, end = _slot(encoder, position, made.shape[1])
    return made[:, start:end]


def _slot(encoder, position, width):
    """Return where the columns of one input begin and end."""
    if isinstance(encoder, OneHotEncoder):
        widths = encoder._n_features_outs
    else:
        widths = [width // len(encoder.categories_)] * len(encoder.categories_)
    start = int(sum(widths[:position]))
    return start, start + int(widths[position])
