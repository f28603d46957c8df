"""The layers of a network and their channels as plain data, to be used without Keras."""

from skfusion.networks._cutting import cuttable_layers, find_cut, pooled_by_top
from skfusion.networks._pooling import token_parts


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
        "flatten", the layer at which a cut at "flatten" is made, or None; "channels", for each
        layer that returns feature maps or tokens, or flattens them, their number of channels; and
        "tokens", the layers that return tokens.
    """
    channels, tokens = {}, []
    for name, output in cuttable_layers(model).items():
        operation = output._keras_history.operation
        maps = operation.input if type(operation).__name__ == "Flatten" else output
        if len(maps.shape) in (3, 4):
            channels[name] = int(maps.shape[-1])
        if len(output.shape) == 3:
            tokens.append(name)
    names = [layer.name for layer in model.layers]
    has_flatten = "flatten" in names or pooled_by_top(model) is not None
    flatten = find_cut(model, "flatten", model.name)[0] if has_flatten else None
    output = find_cut(model, None, model.name)[0]
    return {
        "layers": names,
        "output": output,
        "flatten": flatten,
        "channels": channels,
        "tokens": tokens,
    }


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


def cut_parts(info, cut_layer, pooling):
    """Return what the vector of a cut holds of tokens, as in `Network`."""
    is_tokens = find_cut_name(info, cut_layer) in info.get("tokens", ())
    return token_parts(pooling) if is_tokens else ()


def cut_channels(info, cut_layer, pooling):
    """Return the channels of the feature maps that a cut flattens; None if it flattens none."""
    return info["channels"].get(find_cut_name(info, cut_layer)) if pooling is None else None
