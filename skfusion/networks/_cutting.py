"""The layers at which a network can be cut, and the networks that cuts give."""

from functools import lru_cache
from itertools import chain, count

from skfusion.networks._network import Network
from skfusion.networks.runtimes._keras import building, import_keras


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
        if len(shape) in (1, 3) and None not in shape:
            layers[layer.name] = outputs[0]
    return layers


def find_cut(model, cut_layer, name):
    """Find the layer at which to cut a model.

    Parameters
    ----------
    model : keras.Model
        The model.

    cut_layer : str, int or None
        Name or position of a layer; None is the model's own output. In a network with a layer
        "gap" and without one named "flatten", "flatten" is the layer that "gap" pools.

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
    if found == "flatten" and "gap" in layers:
        return _layer_and_output(model.get_layer("gap").input)
    raise ValueError(
        f"{name} can't be cut at layer {cut_layer!r}. Its layers that can be cut are: "
        f"{', '.join(layers)}."
    )


def _layer_and_output(output):
    return output._keras_history.operation.name, output


def cut_model(model, cut_layer, pooling, name):
    """Cut a Keras model so that it returns one vector for each image.

    Parameters
    ----------
    model : keras.Model
        The model.

    cut_layer : str, int or None
        As in `find_cut`.

    pooling : {"avg", "max"} or None
        How feature maps become a vector; None flattens them.

    name : str
        The network's name in messages.

    Returns
    -------
    layer_name : str
        The layer at which the model is cut.

    model : keras.Model
        From the same input to a vector.
    """
    keras = import_keras()
    layer_name, output = find_cut(model, cut_layer, name)
    if len(output.shape) == 4:
        poolers = {
            "avg": keras.layers.GlobalAveragePooling2D,
            "max": keras.layers.GlobalMaxPooling2D,
            None: keras.layers.Flatten,
        }
        output = poolers[pooling](name=unused_name(model, "vector"))(output)
    if len(output.shape) != 2 or None in output.shape[1:]:
        raise ValueError(
            f"{name} gives an output of shape {tuple(output.shape)} there; a vector or feature "
            "maps of known size are needed."
        )
    return layer_name, keras.Model(model.inputs, output, name=model.name)


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

    pooling : {"avg", "max"} or None
        As in `cut_model`.

    flips : {"horizontal", "both"} or None, default=None
        As in `Network`.

    Returns
    -------
    network : Network
        From the same input to a vector.
    """
    cut, kept = _plan_cut(network.name, network.config, network.preprocessing, cut_layer, pooling)
    return cut.replace(weights=[network.weights[i] for i in kept], flips=flips)


@lru_cache(maxsize=32)
def _plan_cut(name, config, preprocessing, cut_layer, pooling):
    """Return the cut of an architecture, without weights, and which of the weights it keeps."""
    with building(0):
        model = import_keras().models.model_from_json(config)
        cut_name, cut = cut_model(model, cut_layer, pooling, name)
    positions = {id(variable): i for i, variable in enumerate(model.weights)}
    kept = [positions[id(variable)] for variable in cut.weights]
    network = Network.from_model(name, cut, preprocessing, cut_name=cut_name)
    return network.replace(weights=None), kept
