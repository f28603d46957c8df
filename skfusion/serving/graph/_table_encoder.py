"""TableEncoder in a graph: numbers, categories and dates."""

import numpy as np

from skfusion.serving.graph._columns import MISSING_TEXT, Matrix
from skfusion.serving.graph._dates import date_parts
from skfusion.serving.graph._graph_builder import DOUBLE
from skfusion.serving.graph._lookup import find_text, is_missing
from skfusion.tabular._category_encoder import CategoryEncoder
from skfusion.tabular._date_encoder import DateEncoder
from skfusion.tabular._number_encoder import NumberEncoder


def convert_table(g, encoder, columns):
    """Return the columns of a TableEncoder."""
    by_name = dict(zip(encoder._input_columns, columns, strict=True))
    blocks = []
    for name, part in encoder.encoders_.items():
        convert = _CONVERTERS.get(type(part))
        if convert is None:
            g.problems.append(
                f"column {name!r} holds text, which TableEncoder encodes by its groups of letters"
            )
            continue
        blocks.append(convert(g, part, by_name[name]))
    if not blocks:
        return Matrix(g.constant(np.zeros((1, 0))), 0)
    return Matrix(g.concat(blocks), len(encoder.get_feature_names_out()))


def _number(g, part, column):
    values = column.read(g, "number", allows_missing=True)
    g.refuse(values, allow_nan=True)
    missing = g.op("IsNaN", values)
    numbers = g.op("Where", missing, float(part.median_), values)
    if np.isfinite(part.low_):
        numbers = g.op("Min", g.op("Max", numbers, float(part.low_)), float(part.high_))
    blocks = [numbers]
    blocks += [g.cast(missing, DOUBLE)] if part.has_missing_ else []
    return _standardize(g, part._scaler, g.concat(blocks))


def _category(g, part, column):
    shown = [value for value in part.values_ if not is_missing(value)]
    values = column.read(g, "category", categories=shown, missing=MISSING_TEXT, allows_unknown=True)
    lines = np.eye(len(part.values_) + part.has_rare_)
    if not part.has_rare_:
        lines = np.vstack([lines, np.zeros((1, lines.shape[1]))])
    index = find_text(g, values, part.values_)
    return g.op("Gather", lines, g.op("Squeeze", index, [1]), axis=0)


def _date(g, part, column):
    seconds = column.read(g, "date", allows_missing=True)
    missing = g.op("IsNaN", seconds)
    blocks = [g.op("Where", missing, part.means_.reshape(1, -1), date_parts(g, seconds))]
    blocks += [g.cast(missing, DOUBLE)] if part.has_missing_ else []
    return _standardize(g, part._scaler, g.concat(blocks))


def _standardize(g, scaler, values):
    centered = g.op("Sub", values, scaler.mean_.reshape(1, -1))
    return g.op("Div", centered, scaler.scale_.reshape(1, -1))


_CONVERTERS = {NumberEncoder: _number, CategoryEncoder: _category, DateEncoder: _date}
