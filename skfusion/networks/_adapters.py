"""Low-rank adapters: a few trained weights beside the frozen ones of dense layers."""

import numpy as np

from skfusion.networks.runtimes._keras import import_keras


def find_first_adapted(model, top, name):
    """Find the first layer below another that can have adapters.

    Parameters
    ----------
    model : keras.Model
        The network with its new top.

    top : str
        The first layer of the new top.

    name : str
        The network's name in messages.

    Returns
    -------
    first : str
        The layer's name.

    Raises
    ------
    ValueError
        If the network has no dense layers.
    """
    for layer in _layers_below(model, top):
        if _list_dense(layer):
            return layer.name
    raise ValueError(
        f"fine_tune='lora' needs a network with dense layers, such as a transformer; {name} has "
        "none. Pass a number of layers."
    )


def add_adapters(model, top, rank):
    """Freeze all layers below another, and give the dense ones adapters, which are trained.

    Parameters
    ----------
    model : keras.Model
        The network with its new top. It is changed.

    top : str
        The first layer of the new top.

    rank : int
        The rank of the change of each kernel.

    Returns
    -------
    adapted : list of keras.Layer
        The layers with adapters.

    Notes
    -----
    Low-rank adaptation (LoRA; Hu et al., arXiv 2106.09685), as Keras has it. New adapters change
    no output.
    """
    adapted = []
    for layer in _layers_below(model, top):
        if not layer.trainable:
            continue
        dense = _list_dense(layer)
        for each in dense:
            each.enable_lora(rank)
        kept = {id(variable) for each in dense for variable in _adapter_variables(each)}
        for variable in layer.weights:
            if id(variable) not in kept:
                variable.trainable = False
        adapted += dense
    return adapted


def reset_adapters(layers, seed):
    """Draw new adapters, which change no output."""
    random = np.random.default_rng(seed)
    for layer in layers:
        first, second = _adapter_variables(layer)
        limit = np.sqrt(6 / first.shape[0])
        first.assign(random.uniform(-limit, limit, first.shape).astype(np.float32))
        second.assign(np.zeros(second.shape, dtype=np.float32))


def _layers_below(model, top):
    names = [layer.name for layer in model.layers]
    return model.layers[: names.index(top)]


def _list_dense(layer):
    """Return the dense layers inside of a layer, and the layer itself if it is one."""
    keras = import_keras()
    inside = layer._flatten_layers(include_self=True, recursive=True)
    return [
        each for each in inside if isinstance(each, (keras.layers.Dense, keras.layers.EinsumDense))
    ]


def _adapter_variables(layer):
    return layer.lora_kernel_a, layer.lora_kernel_b
