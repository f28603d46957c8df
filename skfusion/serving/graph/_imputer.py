"""SimpleImputer in a graph, for numbers and for text."""

import numpy as np

from skfusion.serving.graph._columns import MISSING_TEXT, Column, Matrix, as_matrix
from skfusion.serving.graph._graph_builder import BOOL, DOUBLE
from skfusion.serving.graph._lookup import is_missing
from skfusion.serving.graph._not_convertible import NotConvertible


def convert_imputer(g, imputer, inputs):
    """Return the columns of a SimpleImputer."""
    if imputer.statistics_.dtype.kind in "OU":
        return _impute_text(g, imputer, inputs)
    matrix = as_matrix(g, inputs)
    for part in inputs if isinstance(inputs, list) else []:
        if isinstance(part, Column) and part.tensor is None:
            g.inputs[part.name][1]["allows_missing"] = True
    if is_missing(imputer.missing_values):
        gone = g.op("IsNaN", matrix.tensor)
    else:
        gone = g.op("Equal", matrix.tensor, float(imputer.missing_values))
    statistics = imputer.statistics_.astype(float)
    kept = np.flatnonzero(~np.isnan(statistics) | imputer.keep_empty_features)
    filled = g.op("Where", gone, np.nan_to_num(statistics).reshape(1, -1), matrix.tensor)
    blocks, width = [g.op("Gather", filled, kept, axis=1)], len(kept)
    if imputer.add_indicator:
        marked = imputer.indicator_.features_
        blocks.append(g.op("Gather", g.cast(gone, DOUBLE), np.asarray(marked), axis=1))
        width += len(marked)
    return Matrix(g.concat(blocks), width)


def _impute_text(g, imputer, inputs):
    """Return columns of text whose missing cells are filled."""
    if imputer.add_indicator:
        raise NotConvertible("SimpleImputer has add_indicator=True for columns of text")
    marker = MISSING_TEXT
    if not is_missing(imputer.missing_values):
        marker = str(imputer.missing_values)
    outputs = []
    for column, fill in zip(inputs, imputer.statistics_, strict=True):
        if not isinstance(column, Column) or not isinstance(fill, str):
            raise NotConvertible("SimpleImputer fills columns of text by numbers")
        tensor = column.read(g, "category", missing=MISSING_TEXT)
        gone = g.op(
            "LabelEncoder",
            tensor,
            domain="ai.onnx.ml",
            keys_strings=[marker],
            values_int64s=[1],
            default_int64=0,
        )
        filled = g.op("Where", g.cast(gone, BOOL), np.array([[fill]], dtype=object), tensor)
        outputs.append(column.replaced(filled, "category"))
    return outputs
