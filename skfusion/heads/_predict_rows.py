"""Predictions of a Keras model without the overhead of `Model.predict`."""

import numpy as np

from skfusion.networks.runtimes._keras import import_keras
from skfusion.networks.runtimes._tracing import predicting

keras = import_keras()


def predict_rows(model, inputs, batch_size):
    """Compute the outputs of a Keras model, batch by batch.

    `Model.predict` sets up a data pipeline, which costs many times what one row does. Each batch
    is padded to a power of two (at most `batch_size`), since a model is compiled for each shape.

    Parameters
    ----------
    model : keras.Model
        The model.

    inputs : array-like, or structure of ndarrays
        Its inputs. Other containers than ndarrays, as sparse matrices, go to `Model.predict`.

    batch_size : int
        Rows of a batch.

    Returns
    -------
    outputs : ndarray, or structure of ndarrays
        In the form that the model gives them.
    """
    arrays = keras.tree.flatten(inputs)
    if not all(isinstance(array, np.ndarray) for array in arrays):
        return model.predict(inputs, batch_size=batch_size, verbose=0)
    inputs = keras.tree.map_structure(_as_keras_does, inputs)
    n_rows = len(arrays[0])
    parts = []
    for start in range(0, n_rows, batch_size):
        rows = np.arange(start, min(start + batch_size, n_rows))
        with predicting():
            outputs = model.predict_on_batch(_take(inputs, _padded(rows, batch_size)))
        parts.append(_take(outputs, np.arange(len(rows))))
    return keras.tree.map_structure(lambda *same: np.concatenate(same), *parts)


def _as_keras_does(array):
    """Convert floats to Keras's type, as `Model.predict` does."""
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def _padded(rows, batch_size):
    """Repeat the last row up to a power of two: a real row is valid in every model."""
    length = min(batch_size, 1 << (len(rows) - 1).bit_length())
    return np.pad(rows, (0, length - len(rows)), mode="edge")


def _take(arrays, rows):
    return keras.tree.map_structure(lambda array: np.asarray(array)[rows], arrays)
