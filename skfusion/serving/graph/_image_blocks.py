"""ImageBlock and what else scales features of images, in a graph."""

import numpy as np

from skfusion.serving.graph._columns import Matrix, as_matrix


def convert_block(g, block, inputs):
    """Return the components of an ImageBlock."""
    rotated = rotate(g, block.rotation_, as_matrix(g, inputs).tensor, block.n_components_)
    return convert_scaler(g, block._scaler, Matrix(rotated, block.n_components_))


def rotate(g, rotation, features, n_components=None):
    """Return features on the principal axes of an ImageRotation.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    rotation : ImageRotation
        The fitted rotation.

    features : str
        float64 of shape (rows, n_features); NaN where a row lacks a feature.

    n_components : int or None, default=None
        How many axes are computed; None is all.
    """
    axes = rotation.axes_[:n_components].astype(np.float64)
    means = rotation.means_.astype(np.float64).reshape(1, -1)
    filled = g.op("Where", g.op("IsNaN", features), means, features)
    scaler = rotation._scaler
    centered = g.op("Sub", filled, scaler.mean_.astype(np.float64).reshape(1, -1))
    scaled = g.op("Div", centered, scaler.scale_.astype(np.float64).reshape(1, -1))
    return g.op("MatMul", scaled, axes.T.copy())


def convert_scaler(g, scaler, inputs):
    """Return the columns of a BlockScaler."""
    matrix = as_matrix(g, inputs)
    mean = np.asarray(scaler.mean_, dtype=np.float64)
    centered = g.op("Sub", matrix.tensor, mean)
    scale = np.asarray(scaler.scale_, dtype=np.float64)
    return Matrix(g.op("Div", centered, scale), matrix.width)


def convert_scaled_columns(g, columns, inputs):
    """Return the columns of ScaledColumns."""
    matrix = as_matrix(g, inputs)
    table = g.slice(matrix.tensor, 0, columns.n_table, 1)
    if columns.scaler_ is None:
        return Matrix(table, columns.n_table)
    end = columns.n_table + columns.n_image
    block = Matrix(g.slice(matrix.tensor, columns.n_table, end, 1), columns.n_image)
    scaled = convert_scaler(g, columns.scaler_, block).tensor
    if columns.n_table:
        scaled = g.concat([table, scaled])
    return Matrix(scaled, end)
