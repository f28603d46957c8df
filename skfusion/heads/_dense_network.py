"""DenseNetwork: a chain of dense layers, trained by Keras and computed by NumPy."""

import json
from functools import cached_property

import numpy as np
from scipy.special import erf, expit, softmax

from skfusion._utils.plain_data import plain_data
from skfusion.networks._network import Network
from skfusion.networks.runtimes._keras import building, import_keras

# With few rows there are few steps, too few for statistics with Keras's momentum of 0.99.
_MOMENTUM = 0.8
# Rows that are computed at once, to limit memory.
_ROWS = 4096
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _selu(x):
    return _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0)))


# The activations of hidden layers, as Keras defines them.
ACTIVATIONS = {
    "elu": _elu,
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "relu": lambda x: np.maximum(x, 0),
    "selu": _selu,
    "sigmoid": expit,
    "silu": lambda x: x * expit(x),
    "tanh": np.tanh,
}
_FUNCTIONS = {**ACTIVATIONS, "linear": lambda x: x, "softmax": lambda x: softmax(x, axis=1)}


@plain_data
class DenseNetwork(Network):
    """A Network on rows of numbers that predicts without Keras.

    Keras takes longer to start than a chain of dense layers takes to compute a million rows, and
    its overhead for one row is far above the cost of the row itself. Therefore NumPy computes the
    outputs, in float64. `to_model` returns the Keras model.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.heads._dense_network import build_dense
    >>> network = build_dense(3, 2, "softmax", hidden=(4,))
    >>> network.compute(np.zeros((5, 3)))
    array([[0.5, 0.5],
    ...
    """

    needs_warm_up = False  # NumPy computes: there is no live model to load

    def compute(self, inputs, batch_size=_ROWS):
        """Compute the outputs for rows of shape (n_rows, n_features), in float64."""
        blocks = [inputs[i : i + batch_size] for i in range(0, len(inputs), batch_size)]
        return np.concatenate([self._forward(block) for block in blocks])

    def _forward(self, x):
        for layer in self._layers:
            x = layer(x)
        return x

    @cached_property
    def _layers(self):
        """list of callable : The layers, as functions from rows to rows."""
        weights = iter([array.astype(np.float64) for array in self.weights])
        layers = []
        for layer in json.loads(self.config)["config"]["layers"]:
            config = layer["config"]
            if layer["class_name"] == "Dense":
                layers.append(_dense_layer(next(weights), next(weights), config["activation"]))
            elif layer["class_name"] == "BatchNormalization":
                layers.append(_norm_layer(*(next(weights) for _ in range(4)), config["epsilon"]))
            elif layer["class_name"] == "Activation":
                layers.append(_FUNCTIONS[config["activation"]])
        return layers

    def set_weights(self, weights):
        """Replace the weights in place."""
        super().set_weights(weights)
        vars(self).pop("_layers", None)


def _dense_layer(kernel, bias, activation):
    function = _FUNCTIONS[activation]
    return lambda x: function(x @ kernel + bias)


def _norm_layer(gamma, beta, mean, variance, epsilon):
    scale = gamma / np.sqrt(variance + epsilon)
    return lambda x: x * scale + (beta - mean * scale)


def build_dense(
    n_inputs,
    n_outputs,
    output_activation,
    *,
    hidden=(),
    activation="relu",
    dropout=0.0,
    batch_norm=False,
    weight_decay=0.0,
    seed=0,
):
    """Build an untrained dense network.

    Parameters
    ----------
    n_inputs : int
        Number of columns.

    n_outputs : int
        Number of units of the output layer.

    output_activation : {"softmax", "sigmoid", "linear"}
        Activation of the output layer.

    hidden : tuple of int, default=()
        Number of units of each hidden layer.

    activation : str, default="relu"
        A name in `ACTIVATIONS`.

    dropout : float, default=0.0
        Fraction that is dropped after each hidden layer, or of the columns if there is none.

    batch_norm : bool, default=False
        Whether hidden layers are normalized over the batch, before their activation.

    weight_decay : float, default=0.0
        Factor of the squared weights in the loss.

    seed : int, default=0
        Seed of the weights.

    Returns
    -------
    network : DenseNetwork
        Layers dense1, norm1, activation1, dropout1, dense2, ..., output.
    """
    keras = import_keras()
    layers = keras.layers
    decay = keras.regularizers.L2(weight_decay) if weight_decay else None
    # Training sets the state of dropout's random numbers. Without a seed of its own, a layer on
    # PyTorch would draw from the global generator instead.
    with building(seed):
        inputs = x = layers.Input((n_inputs,), name="input")
        for number, width in enumerate(hidden, start=1):
            x = layers.Dense(width, kernel_regularizer=decay, name=f"dense{number}")(x)
            if batch_norm:
                x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm{number}")(x)
            x = layers.Activation(activation, name=f"activation{number}")(x)
            if dropout:
                x = layers.Dropout(dropout, seed=number, name=f"dropout{number}")(x)
        if dropout and not hidden:
            x = layers.Dropout(dropout, seed=0, name="dropout")(x)
        output = layers.Dense(
            n_outputs,
            activation=output_activation,
            # With more columns than rows, training leaves most directions of the weights as they
            # start: random values there would blur predictions.
            kernel_initializer="zeros",
            kernel_regularizer=decay,
            name="output",
        )
        model = keras.Model(inputs, output(x), name="head")
        return DenseNetwork.from_model("head", model)
