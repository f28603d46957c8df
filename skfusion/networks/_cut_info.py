"""What is known of a network's cuts, as plain data: Keras is not needed to use it."""

from skfusion.networks._cutting import cuttable_layers, find_cut


def cut_info(model):
    """Notes on the layers of a network.

    Parameters
    ----------
    model : keras.Model
        A functional model with an output layer.

    Returns
    -------
    notes : dict
        Plain data: `layers`, all names in order; `output`, the last one; `flatten`, the layer
        that a cut at "flatten" finds, if any; and `channels`, for each layer that gives feature
        maps, or flattens them, their number of channels.
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


def named_cut(notes, cut_layer):
    """The name of the layer that a cut finds.

    Parameters
    ----------
    notes : dict
        From `cut_info`.

    cut_layer : str, int or None
        As in `CNNEmbedder`.

    Examples
    --------
    >>> from skfusion.networks._cut_info import named_cut
    >>> notes = {"layers": ["a", "b"], "output": "b", "flatten": "a", "channels": {}}
    >>> named_cut(notes, 0)
    'a'
    """
    if cut_layer is None:
        return notes["output"]
    if not isinstance(cut_layer, str):
        return notes["layers"][cut_layer]
    return notes["flatten"] if cut_layer == "flatten" else cut_layer


def cut_channels(notes, cut_layer, pooling):
    """The channels of the feature maps that a cut flattens; None where it flattens none."""
    return notes["channels"].get(named_cut(notes, cut_layer)) if pooling is None else None
