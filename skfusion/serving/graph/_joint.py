"""Networks of images and table together in a graph."""

import numpy as np
from sklearn.base import is_classifier

from skfusion.networks._joint_layers import name_images
from skfusion.serving.graph._columns import MISSING_TEXT, as_matrix, read_flag
from skfusion.serving.graph._graph_builder import BOOL, DOUBLE, FLOAT
from skfusion.serving.graph._image_features import read_pixels
from skfusion.serving.graph._network import (
    describe_network,
    joint_outputs,
    network_outputs,
    preprocess,
)
from skfusion.serving.graph._prediction import Prediction


def convert_joint(g, model, columns, transform):
    """Return what a JointFusionClassifier or JointFusionRegressor predicts.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    model : BaseJoint
        The fitted model.

    columns : list of Column
        The columns of X.

    transform : callable
        The function of `_convert` for the transformer of the table.
    """
    by_name = dict(zip(model._input_columns, columns, strict=True))
    inputs, parts = {}, model._inputs
    if parts.table_columns:
        table = [by_name[name] for name in parts.table_columns]
        matrix = as_matrix(g, transform(g, parts.table_transformer, table))
        inputs["table"] = g.cast(matrix.tensor, FLOAT)
        inputs["has_table"] = _has_table(g, table)
    names = name_images(len(parts.flatteners)) if parts.flatteners else []
    for name, column, flattener in zip(names, parts.image_columns, parts.flatteners, strict=True):
        pixels = read_pixels(g, flattener, by_name[column])
        flag = read_flag(g, by_name[column])
        inputs[f"has_{name}"] = g.cast(g.op("Not", flag), FLOAT)
        is_missing = g.op("Unsqueeze", flag, [2, 3])
        inputs[name] = _image(g, model, g.op("Where", is_missing, np.float32(0), pixels))
    if "has_table" not in inputs:
        inputs["has_table"] = g.op("Mul", inputs["has_image"], np.float32(0))
    outputs = g.cast(joint_outputs(g, model.network_, inputs), DOUBLE)
    if is_classifier(model):
        return Prediction(outputs, model.classes_)
    if model._bin_means is not None:
        means = np.asarray(model._bin_means, dtype=float)
        return Prediction(g.op("MatMul", outputs, means), kind="numbers")
    return Prediction(_unscaled(g, outputs, model._center, model._scale), kind="numbers")


def convert_feature_network(g, model, matrix):
    """Return what a FeatureNetwork of a fusion predicts."""
    values = g.cast(matrix.tensor, FLOAT)
    ones = g.op("Expand", np.float32([[1]]), g.op("Concat", g.dim(values, 0), [1], axis=0))
    image = g.slice(values, model.n_table, matrix.width, 1)
    if model.kept_ is not None:
        image = g.op("Gather", image, model.kept_.astype(np.int64), axis=1)
    inputs = {
        "table": g.slice(values, 0, model.n_table, 1),
        "image": image,
        "has_table": ones,
        "has_image": ones,
    }
    outputs = g.cast(joint_outputs(g, model.network_, inputs), DOUBLE)
    if is_classifier(model):
        return Prediction(outputs, model.classes_)
    return Prediction(_unscaled(g, outputs, model.center_, model.scale_), kind="numbers")


def _unscaled(g, outputs, center, scale):
    scale, center = np.asarray(scale, dtype=float), np.asarray(center, dtype=float)
    values = g.op("Add", g.op("Mul", outputs, scale), center)
    return g.op("Squeeze", values, [1])


def _image(g, model, pixels):
    """Return pixels as the input of the network; a backbone that was not trained comes before."""
    if model._backbone is not None:
        return network_outputs(g, model._backbone, pixels)
    network = model.network_
    described = describe_network(network, model.backbone)
    if described not in g.networks:
        g.networks.append(described)
    return preprocess(g, pixels, network.preprocessing, network.input_shapes["image"][2])


def _has_table(g, columns):
    """Return which rows have a cell of the table, as float32 of shape (rows, 1)."""
    flags = []
    for column in columns:
        if column.name not in g.inputs:
            continue  # a constant column, which callers don't pass
        if g.inputs[column.name][1]["kind"] == "category":
            gone = g.op(
                "LabelEncoder",
                column.name,
                domain="ai.onnx.ml",
                keys_strings=[MISSING_TEXT],
                values_int64s=[1],
                default_int64=0,
            )
            flags.append(g.op("Not", g.cast(gone, BOOL)))
        else:
            flags.append(g.op("Not", g.op("IsNaN", column.name)))
    present = flags[0]
    for flag in flags[1:]:
        present = g.op("Or", present, flag)
    return g.cast(present, FLOAT)
