"""Losses of rows, as Keras defines them, for validation outside of Keras."""

import numpy as np

_TINY = 1e-7


def keras_row_losses(loss, outputs, targets):
    """Compute the loss of each row.

    Parameters
    ----------
    loss : str
        The name of a Keras loss, as in `TrainingConfig`.

    outputs : ndarray of shape (n_rows, n_outputs)
        The outputs of the network.

    targets : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Class numbers or values.

    Returns
    -------
    losses : ndarray of shape (n_rows,)
        One loss for each row.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._losses import keras_row_losses
    >>> keras_row_losses("mean_squared_error", np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))
    array([0., 4.])
    """
    if loss == "sparse_categorical_crossentropy":
        likelihood = outputs[np.arange(len(outputs)), targets.astype(int)]
        return -np.log(np.clip(likelihood, _TINY, 1.0))
    targets = targets.reshape(outputs.shape)
    if loss == "binary_crossentropy":
        likelihood = np.clip(np.where(targets > 0.5, outputs, 1 - outputs), _TINY, 1.0)
        return -np.log(likelihood).mean(axis=1)
    errors = np.abs(outputs - targets)
    if loss == "huber":
        return np.where(errors <= 1, 0.5 * errors**2, errors - 0.5).mean(axis=1)
    return (errors**2).mean(axis=1)
