"""TrainingData: the rows of a training run."""

import numpy as np


class TrainingData:
    """The data that a network is trained on.

    Parameters
    ----------
    inputs : ArrayInput or InputGroup
        The input or inputs of the network.

    targets : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Class numbers or values.

    weights : ndarray of shape (n_rows,), default=None
        Weights of the rows in the loss.

    held_out : ndarray of int, default=None
        Rows that are held out of training, for validation.

    Attributes
    ----------
    training : ndarray of int
        The rows that are not held out.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.training._array_input import ArrayInput
    >>> from skfusion.training._training_data import TrainingData
    >>> rows = ArrayInput(np.zeros((3, 2)))
    >>> TrainingData(rows, np.array([0, 1, 0]), held_out=np.array([1])).training
    array([0, 2])
    """

    def __init__(self, inputs, targets, weights=None, held_out=None):
        self.inputs = inputs
        self.targets = targets
        self.weights = weights
        self.held_out = np.array([], dtype=int) if held_out is None else held_out
        self.training = np.setdiff1d(np.arange(len(targets)), self.held_out)
