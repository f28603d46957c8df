"""to_graph: a fitted model as one ONNX model."""

import numpy as np
from onnx import TensorProto
from sklearn.utils.validation import check_is_fitted

from skfusion.serving.graph._columns import Column, Matrix, as_matrix
from skfusion.serving.graph._convert import predict, transform
from skfusion.serving.graph._graph_builder import DOUBLE, FLOAT, INT64, ROWS, STRING, GraphBuilder
from skfusion.serving.graph._metadata import add_metadata
from skfusion.serving.graph._not_convertible import NotConvertible
from skfusion.serving.graph._precision import reduce_precision
from skfusion.serving.graph._prune import keep_needed


def to_graph(model, *, background=None, units=None, precision=None):
    """Convert a fitted model to one ONNX model.

    Parameters
    ----------
    model : estimator
        A fitted pipeline, search, fusion estimator or transformer.

    background, units, precision : object
        As in `to_onnx`.

    Returns
    -------
    graph : onnx.ModelProto
        The model, with metadata.

    Raises
    ------
    ValueError
        If parts of the model can't be converted; the message names all of them.
    """
    check_is_fitted(model)
    g = GraphBuilder()
    columns = [Column(name) for name in _input_names(model)]
    prediction = _convert(g, model, columns)
    if g.problems:
        raise ValueError(_message(model, g.problems))
    _refuse_unknown_units(units or {}, columns)
    outputs, described = _outputs(g, prediction)
    order = [name for column in columns for name in (column.name, f"{column.name}_missing")]
    g.inputs = dict(sorted(g.inputs.items(), key=lambda item: order.index(item[0])))
    keep_needed(g, [name for name, _, _ in outputs])
    graph = g.model(outputs)
    reduce_precision(graph, precision)
    add_metadata(
        graph,
        model,
        g,
        prediction,
        outputs=described,
        background=background,
        units=units or {},
        precision=precision,
    )
    return graph


def _refuse_unknown_units(units, columns):
    known = [*(str(column.name) for column in columns), "target"]
    unknown = sorted(set(units) - set(known))
    if unknown:
        raise ValueError(f"units names {unknown}, which the model does not have; it has {known}.")


def _convert(g, model, columns):
    """Return a Prediction, or the Matrix of a transformer."""
    try:
        if hasattr(model, "predict"):
            return predict(g, model, columns)
        return as_matrix(g, transform(g, model, columns))
    except NotConvertible as error:
        g.problems.append(str(error))
        return None


def _message(model, problems):
    lines = "".join(f"\n- {problem}" for problem in dict.fromkeys(problems))
    return (
        f"This {type(model).__name__} can't become one ONNX graph:{lines}\n"
        "Replace these parts, or call to_onnx(model, form='networks'), which keeps them in Python."
    )


def _input_names(model):
    """Return the names of the columns that a model takes."""
    names = getattr(model, "_input_columns", None)
    if names is None:
        names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = [f"x{i}" for i in range(getattr(model, "n_features_in_", 1))]
    return [str(name) for name in names]


def _outputs(g, prediction):
    """Name the outputs.

    Returns
    -------
    outputs : list of tuple (str, int, list)
        Name, type and shape of each.

    described : list of dict
        What the metadata says of them.
    """
    if isinstance(prediction, Matrix):
        tensor = g.cast(prediction.tensor, FLOAT)
        return _named(g, [("features", tensor, FLOAT, [prediction.width])])
    values = prediction.values
    if g.invalid:
        refused = g.invalid[0]
        for rows in g.invalid[1:]:
            refused = g.op("Or", refused, rows)
        if prediction.kind == "numbers" and prediction.n_outputs is None:
            refused = g.op("Squeeze", refused, [1])
        values = g.op("Where", refused, float("nan"), values)
    if prediction.kind == "numbers":
        shape = [] if prediction.n_outputs is None else ["outputs"]
        return _named(g, [("numbers", values, DOUBLE, shape)])
    width = len(prediction.classes) if prediction.kind == "probabilities" else "scores"
    label, kind = _label(g, prediction)
    shape = [width] if prediction.is_multilabel else []
    return _named(g, [("label", label, kind, shape), (prediction.kind, values, DOUBLE, [width])])


def _label(g, prediction):
    """Return the label of each row, and its type."""
    classes = np.asarray(prediction.classes)
    if prediction.is_multilabel:
        return prediction.label, INT64
    kind = STRING if classes.dtype.kind in "OU" else INT64 if classes.dtype.kind in "iu" else DOUBLE
    if classes.dtype.kind == "b":
        kind = TensorProto.BOOL
    if prediction.label is not None:
        return prediction.label, kind
    best = g.op("ArgMax", prediction.values, axis=1, keepdims=0)
    dtype = {STRING: object, INT64: np.int64, DOUBLE: float}.get(kind, bool)
    return g.op("Gather", classes.astype(dtype), best), kind


def _named(g, tensors):
    """Give the outputs their names, which differ from those of the inputs."""
    outputs, described = [], []
    for kind, tensor, dtype, shape in tensors:
        name = kind
        while name in g.inputs:
            name += "_"
        g.rename_output(tensor, name)
        outputs.append((name, dtype, [ROWS, *shape]))
        described.append({"name": name, "kind": kind})
    return outputs, described
