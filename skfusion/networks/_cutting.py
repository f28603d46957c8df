"""The layers at which a network can be cut, and the networks that cuts give."""

from functools import lru_cache, partial
from itertools import chain, count

from skfusion.networks._network import Network
from skfusion.networks._pooling import parts_of
from skfusion.networks._pooling_layers import pool_output
from skfusion.networks.runtimes._keras import bare_inputs, building, import_keras
from skfusion.networks.runtimes._model_config import model_from_config


def cuttable_layers(model):
    """Return the layers whose output can become columns, in order, as a dict of name to output.

    The output of a layer that is called several times is that of its last call. Keras's
    `layer.output` is that of the first call, and for a layer that is itself a network it is a
    tensor inside that network.
    """
    keras = import_keras()
    layers = {}
    for layer in model.layers:
        outputs = layer._inbound_nodes[-1].output_tensors if layer._inbound_nodes else []
        if isinstance(layer, keras.layers.InputLayer) or len(outputs) != 1:
            continue
        shape = tuple(outputs[0].shape[1:])
        if len(shape) in (1, 2, 3) and None not in shape:
            layers[layer.name] = outputs[0]
    return layers


def find_cut(model, cut_layer, name):
    """Find the layer at which to cut a model.

    Parameters
    ----------
    model : keras.Model
        The model.

    cut_layer : str, int or None
        Name or position of a layer; None is the model's own output. In a network without a layer
        named "flatten", "flatten" is the layer that the top pools.

    name : str
        The network's name in messages.

    Returns
    -------
    layer_name : str
        The layer.

    output : keras.KerasTensor
        Its output.

    Raises
    ------
    ValueError
        If there is no such layer, or if its output can't become columns.
    """
    if cut_layer is None:
        return _layer_and_output(model.outputs[0])
    layers, found = cuttable_layers(model), cut_layer
    if not isinstance(cut_layer, str) and -len(model.layers) <= cut_layer < len(model.layers):
        found = model.layers[cut_layer].name
    if found in layers:
        return found, layers[found]
    if found == "flatten":
        pooled = pooled_by_top(model)
        if pooled is not None:
            return _layer_and_output(pooled)
    raise ValueError(
        f"{name} can't be cut at layer {cut_layer!r}. Its layers that can be cut are: "
        f"{', '.join(layers)}."
    )


def pooled_by_top(model):
    """Return the output that the top of a model pools; None if there is no such top.

    The first layer of such a top is "gap", or "class_token" for tokens.
    """
    names = {layer.name for layer in model.layers}
    first = next((name for name in ("gap", "class_token") if name in names), None)
    return None if first is None else model.get_layer(first).input


def _layer_and_output(output):
    return output._keras_history.operation.name, output


def cut_model(model, cut_layer, pooling, name, n_prefix_tokens=None):
    """Cut a Keras model so that it returns one vector for each image.

    Parameters
    ----------
    model : keras.Model
        The model.

    cut_layer : str, int or None
        As in `find_cut`.

    pooling : str or None
        How feature maps or tokens become a vector; None flattens them.

    name : str
        The network's name in messages.

    n_prefix_tokens : int or None, default=None
        As in `Network`.

    Returns
    -------
    layer_name : str
        The layer at which the model is cut.

    model : keras.Model
        From the same input to a vector.

    parts : tuple of str
        What the vector holds of tokens, as in `Network`.
    """
    layer_name, output = find_cut(model, cut_layer, name)
    names = partial(unused_name, model)
    vector = pool_output(output, pooling, n_prefix_tokens, name, names)
    cut = import_keras().Model(bare_inputs(model), vector, name=model.name)
    return layer_name, cut, parts_of(output.shape[1:], pooling)


def unused_name(model, name):
    """Return a name for a new layer, with a number if the model has a layer of that name."""
    taken = {layer.name for layer in model.layers}
    names = chain([name], (f"{name}_{i}" for i in count(2)))
    return next(name for name in names if name not in taken)


def cut_network(network, cut_layer, pooling, flips=None):
    """Cut a Network.

    Cuts of one architecture, such as those of the networks of a cross-fit, are planned once.

    Parameters
    ----------
    network : Network
        The network. It isn't changed.

    cut_layer : str, int or None
        As in `find_cut`.

    pooling : str or None
        As in `cut_model`.

    flips : {"horizontal", "both"} or None, default=None
        As in `Network`.

    Returns
    -------
    network : Network
        From the same input to a vector.
    """
    facts = (network.name, network.config, network.preprocessing, network.n_prefix_tokens)
    cut, kept = _plan_cut(*facts, cut_layer, pooling)
    return cut.replace(weights=[network.weights[i] for i in kept], flips=flips)


@lru_cache(maxsize=32)
def _plan_cut(name, config, preprocessing, n_prefix_tokens, cut_layer, pooling):
    """Return the cut of an architecture, without weights, and which of the weights it keeps."""
    with building(0):
        model = model_from_config(config, name)
        cut_name, cut, parts = cut_model(model, cut_layer, pooling, name, n_prefix_tokens)
    positions = {id(variable): i for i, variable in enumerate(model.weights)}
    kept = [positions[id(variable)] for variable in cut.weights]
    network = Network.from_model(
        name,
        cut,
        preprocessing,
        cut_name=cut_name,
        n_prefix_tokens=n_prefix_tokens,
        token_parts=parts,
    )
    return network.replace(weights=None), kept
