"""The layers of a network and their channels as plain data, to be used without Keras."""

from skfusion.networks._cutting import cuttable_layers, find_cut


def cut_info(model):
    """Describe the layers of a model as plain data.

    Parameters
    ----------
    model : keras.Model
        A functional model with an output layer.

    Returns
    -------
    info : dict
        With the keys "layers", the names of all layers in order; "output", the output layer;
        "flatten", the layer at which a cut at "flatten" is made, or None; and "channels", for
        each layer that returns feature maps, or flattens them, their number of channels.
    """
    channels = {}
    for name, output in cuttable_layers(model).items():
        operation = output._keras_history.operation
        maps = operation.input if type(operation).__name__ == "Flatten" else output
        if len(maps.shape) == 4:
            channels[name] = int(maps.shape[-1])
    names = [layer.name for layer in model.layers]
    has_flatten = "flatten" in names or "gap" in names
    flatten = find_cut(model, "flatten", model.name)[0] if has_flatten else None
    output = find_cut(model, None, model.name)[0]
    return {"layers": names, "output": output, "flatten": flatten, "channels": channels}


def find_cut_name(info, cut_layer):
    """Return the name of the layer at which a network is cut.

    Parameters
    ----------
    info : dict
        From `cut_info`.

    cut_layer : str, int or None
        As in `CNNEmbedder`.

    Examples
    --------
    >>> from skfusion.networks._cut_info import find_cut_name
    >>> info = {"layers": ["a", "b"], "output": "b", "flatten": "a", "channels": {}}
    >>> find_cut_name(info, 0)
    'a'
    """
    if cut_layer is None:
        return info["output"]
    if not isinstance(cut_layer, str):
        return info["layers"][cut_layer]
    return info["flatten"] if cut_layer == "flatten" else cut_layer


def cut_channels(info, cut_layer, pooling):
    """Return the channels of the feature maps that a cut flattens; None if it flattens none."""
    return info["channels"].get(find_cut_name(info, cut_layer)) if pooling is None else None
