"""Splits of a model into a frozen part and a part that is trained."""

from skfusion.networks._adapters import find_first_adapted
from skfusion.networks.runtimes._keras import bare_inputs, import_keras


def split_model(model, first, top):
    """Freeze the layers before `first`, and split the model below the first trained layer.

    The outputs of the frozen part are the same in every epoch, so they are computed only once.

    Parameters
    ----------
    model : keras.Model
        A functional model. Its layers are frozen in place.

    first : str or None
        The first layer that is trained; None trains all.

    top : str or None
        The first layer of the new top. Batch normalization below it keeps its statistics and
        scales, because few rows would estimate them badly.

    Returns
    -------
    bottom : keras.Model or None
        From the input to the split; None if there is nothing to split off.

    upper : keras.Model
        From the split to the output.
    """
    if first is None:
        return None, model
    keras = import_keras()
    names = [layer.name for layer in model.layers]
    start, above = names.index(first), names.index(top)
    for position, layer in enumerate(model.layers):
        is_norm = isinstance(layer, keras.layers.BatchNormalization) and position < above
        layer.trainable = position >= start and not is_norm
    while start < len(names) - 1 and not model.layers[start].trainable_weights:
        start += 1  # layers without weights, such as pooling, can be below the split
    return split_below(model, names[start])


def split_below(model, first):
    """Split a functional model so that a layer and all after it are in the upper part.

    Parameters
    ----------
    model : keras.Model
        The model.

    first : str
        The layer.

    Returns
    -------
    bottom : keras.Model or None
        From the input to the split; None if no layer before `first` is part of all paths.

    upper : keras.Model
        From the split to the output.
    """
    names = [layer.name for layer in model.layers]
    for layer in reversed(model.layers[1 : names.index(first)]):
        upper = _model_from(layer, model)
        if upper is not None:
            name = f"{model.name}_bottom"
            return import_keras().Model(bare_inputs(model), layer.output, name=name), upper
    return None, model


def _model_from(layer, model):
    """Return the part of a model above a layer; None if other branches bypass that layer."""
    keras = import_keras()
    try:
        upper = keras.Model(layer.output, model.outputs[0], name=f"{model.name}_upper")
    except (ValueError, AttributeError):  # AttributeError: the layer has several outputs
        return None
    # Keras 3.12 raises no error for a bypass, but the new model still contains an old input.
    inputs = [layer for layer in model.layers if isinstance(layer, keras.layers.InputLayer)]
    return None if any(layer in upper.layers for layer in inputs) else upper


def layers_with_weights(model, below):
    """Return the layers below another that have weights to train, except batch normalization."""
    keras = import_keras()
    names = [layer.name for layer in model.layers]
    return [
        layer.name
        for layer in model.layers[: names.index(below)]
        if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)
    ]


def find_first(model, fine_tune, top, name=None):
    """Find the first layer that is fine-tuned.

    Parameters
    ----------
    model : keras.Model
        The network with its new top.

    fine_tune : "auto", "all", "lora", int or str
        Number of layers with weights, counted from the end of the backbone (batch normalization
        is not counted); "all"; "lora" for the first layer that can have adapters; "auto" for the
        last third; or the name of a layer, or the start of names, such as "block_13" or "conv5".

    top : str
        The first layer of the new top.

    name : str or None, default=None
        The network's name in messages; None is the model's own name.

    Returns
    -------
    first : str or None
        The layer's name; None if no layer is fine-tuned.

    Raises
    ------
    ValueError
        If there is no such layer, or if there are not as many layers.
    """
    names, title = layers_with_weights(model, below=top), name or model.name
    if fine_tune == "lora":
        return find_first_adapted(model, top, title)
    if fine_tune == "all":
        return names[0] if names else None
    if fine_tune == "auto":
        fine_tune = -(-len(names) // 3)
    if isinstance(fine_tune, str):
        all_names = [layer.name for layer in model.layers]
        below = all_names[: all_names.index(top)]
        found = next((name for name in below if name.startswith(fine_tune)), None)
        if found is None:
            raise ValueError(
                f"No layer of {title} is called {fine_tune!r} or starts with it. Layers that can "
                f"be fine-tuned are: {', '.join(names)}."
            )
        return found
    if fine_tune > len(names):
        raise ValueError(
            f"fine_tune={fine_tune}, but {title} has {len(names)} layers with weights. Pass "
            "at most that number, or 'all'."
        )
    return names[len(names) - fine_tune] if fine_tune else None
