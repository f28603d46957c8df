"""New layers on top of a backbone, which are trained to predict a target."""

from functools import partial

from skfusion.networks._cutting import unused_name
from skfusion.networks._network import Network
from skfusion.networks._pooling import check_pooling
from skfusion.networks._pooling_layers import class_token
from skfusion.networks.runtimes._keras import bare_inputs, building, import_keras

DENSE_UNITS = 256


def add_top(network, *, n_outputs, activation, dense_units=DENSE_UNITS, seed=0):
    """Add an output layer on top of a network.

    Networks that end in feature maps get the layers gap (global average pooling) and dense below
    it. Those that end in tokens get dense on the class token, or on gap if they have none.

    Parameters
    ----------
    network : Network
        A network that ends in a vector, in tokens or in feature maps. It isn't changed.

    n_outputs : int
        Units of the output layer.

    activation : str
        Activation of the output layer.

    dense_units : int, default=256
        Units of the layer dense.

    seed : int, default=0
        Seed of the new weights.

    Returns
    -------
    network : Network
        The network with its new top.
    """
    layers = import_keras().layers
    with building(seed):
        model = network.to_model()
        x = model.outputs[0]
        top = output = unused_name(model, "output")
        if len(x.shape) in (3, 4):
            top, x = _pool(model, x, network)
            dense = unused_name(model, "dense")
            x = layers.Dense(dense_units, activation="relu", name=dense)(x)
        if len(x.shape) != 2:
            raise ValueError(
                f"{network.name} gives an output of shape {tuple(x.shape)}; a vector, tokens or "
                "feature maps are needed."
            )
        outputs = layers.Dense(n_outputs, activation=activation, name=output)(x)
        topped = import_keras().Model(bare_inputs(model), outputs, name=model.name)
        return Network.from_model(
            network.name,
            topped,
            network.preprocessing,
            top=top,
            n_prefix_tokens=network.n_prefix_tokens,
        )


def _pool(model, output, network):
    """Return the name of the first layer of the top, and the vector that the top starts from."""
    layers = import_keras().layers
    gap = unused_name(model, "gap")
    if len(output.shape) == 4:
        return gap, layers.GlobalAveragePooling2D(name=gap)(output)
    pooling = "cls" if network.n_prefix_tokens else "mean"
    check_pooling(tuple(output.shape[1:]), pooling, network.n_prefix_tokens, network.name)
    if pooling == "mean":
        return gap, layers.GlobalAveragePooling1D(data_format="channels_last", name=gap)(output)
    return unused_name(model, "class_token"), class_token(output, partial(unused_name, model))
