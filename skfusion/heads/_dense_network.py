"""DenseNetwork: a chain of dense layers, trained by Keras and computed by NumPy."""

import json
from functools import cached_property

import numpy as np
from scipy.special import erf, expit, softmax

from skfusion.networks._network import Network
from skfusion.networks.runtimes._keras import building, import_keras

# Few rows give few steps: statistics with Keras's momentum of 0.99 would not have settled.
_MOMENTUM = 0.8
# Rows that are computed at once, so that memory stays flat.
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


class DenseNetwork(Network):
    """A Network on rows of numbers whose outputs need no Keras.

    Keras takes longer to start than a chain of dense layers takes to compute a million rows, and
    its overhead on one row is far above the row's own cost. So Keras trains, and NumPy computes,
    in float64. `to_model` gives the Keras model.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.heads._dense_network import build_dense
    >>> network = build_dense(3, 2, "softmax", hidden=(4,))
    >>> network.compute(np.zeros((5, 3)))
    array([[0.5, 0.5],
    ...
    """

    # NumPy computes: there is no live model to build before traffic.
    _warm_up = None  # type: ignore[assignment]  # as warm_up expects

    def compute(self, inputs, batch_size=_ROWS):
        """The outputs for rows of shape (n_rows, n_features), in float64."""
        blocks = [inputs[i : i + batch_size] for i in range(0, len(inputs), batch_size)]
        return np.concatenate([self._forward(block) for block in blocks])

    def _forward(self, x):
        for layer in self._layers:
            x = layer(x)
        return x

    @cached_property
    def _layers(self):
        """What each layer does, as functions from rows to rows."""
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

    def put_on(self, weights):
        """Take other weights in place."""
        super().put_on(weights)
        vars(self).pop("_layers", None)

    def state(self):
        """As of a Network; functions don't pickle, and are soon made."""
        state = super().state()
        state.pop("_layers", None)
        return state


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
        Columns.

    n_outputs : int
        Units of the output layer.

    output_activation : {"softmax", "sigmoid", "linear"}
        Its activation.

    hidden : tuple of int, default=()
        Units of each hidden layer.

    activation : str, default="relu"
        A name in `ACTIVATIONS`.

    dropout : float, default=0.0
        The share that is dropped after each hidden layer; without hidden layers, of the columns.

    batch_norm : bool, default=False
        Whether hidden layers are normalized over the batch, before their activation.

    weight_decay : float, default=0.0
        The factor of the squared weights in the loss.

    seed : int, default=0
        Where weights start.

    Returns
    -------
    network : DenseNetwork
        Layers dense1, norm1, activation1, dropout1, dense2, ..., output.
    """
    keras = import_keras()
    layers = keras.layers
    decay = keras.regularizers.L2(weight_decay) if weight_decay else None
    with building(seed):
        inputs = x = layers.Input((n_inputs,), name="input")
        for number, width in enumerate(hidden, start=1):
            x = layers.Dense(width, kernel_regularizer=decay, name=f"dense{number}")(x)
            if batch_norm:
                x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm{number}")(x)
            x = layers.Activation(activation, name=f"activation{number}")(x)
            if dropout:
                x = layers.Dropout(dropout, name=f"dropout{number}")(x)
        if dropout and not hidden:
            x = layers.Dropout(dropout, name="dropout")(x)
        output = layers.Dense(
            n_outputs,
            activation=output_activation,
            # Random weights of columns that the rows say nothing about would stay for ever: with
            # more columns than rows, most of them.
            kernel_initializer="zeros",
            kernel_regularizer=decay,
            name="output",
        )
        model = keras.Model(inputs, output(x), name="head")
        return DenseNetwork.from_model("head", model, "none")
