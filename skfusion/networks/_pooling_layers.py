"""The Keras layers that pool feature maps or tokens to one vector for each image."""

from skfusion.networks._pooling import check_pooling, token_parts
from skfusion.networks.runtimes._keras import import_keras


def pool_output(output, pooling, n_prefix_tokens, name, unused_name):
    """Add layers that turn an output into a vector.

    All layers are Keras's own, so that a saved network needs no code of skfusion.

    Parameters
    ----------
    output : keras.KerasTensor
        The output of a layer, with a batch axis: a vector, tokens or feature maps.

    pooling : str or None
        One of `POOLINGS`, or None, which flattens.

    n_prefix_tokens : int or None
        The number of prefix tokens, the class token first; None if it is not known.

    name : str
        The network's name in messages.

    unused_name : callable
        Returns a name for a new layer, given the name that it should have.

    Returns
    -------
    vector : keras.KerasTensor
        The vector; `output` itself if it is one.

    Raises
    ------
    ValueError
        If this output can't be pooled in this way, or its size is not known.
    """
    shape = tuple(output.shape[1:])
    if len(shape) in (1, 2, 3):
        check_pooling(shape, pooling, n_prefix_tokens, name)
    if len(shape) == 3:
        output = _pool_maps(output, pooling, unused_name("vector"))
    elif len(shape) == 2 and None not in shape:
        output = _pool_tokens(output, pooling, n_prefix_tokens, unused_name)
    if len(output.shape) != 2 or None in output.shape[1:]:
        raise ValueError(
            f"{name} gives an output of shape {tuple(output.shape)} there; a vector, tokens or "
            "feature maps of known size are needed."
        )
    return output


def _pool_maps(maps, pooling, name):
    layers = import_keras().layers
    if pooling is None:
        return layers.Flatten(name=name)(maps)
    if pooling == "max":
        return layers.GlobalMaxPooling2D(name=name)(maps)
    return layers.GlobalAveragePooling2D(name=name)(maps)


def _pool_tokens(tokens, pooling, n_prefix_tokens, unused_name):
    """Return the parts of pooled tokens side by side."""
    layers = import_keras().layers
    if pooling is None:
        return layers.Flatten(name=unused_name("vector"))(tokens)
    parts = [
        _token_part(part, tokens, n_prefix_tokens, unused_name) for part in token_parts(pooling)
    ]
    if len(parts) == 1:
        return parts[0]
    return layers.Concatenate(name=unused_name("vector"))(parts)


def _token_part(part, tokens, n_prefix_tokens, unused_name):
    layers = import_keras().layers
    if part == "cls":
        return class_token(tokens, unused_name)
    poolers = {"mean": layers.GlobalAveragePooling1D, "max": layers.GlobalMaxPooling1D}
    if n_prefix_tokens:
        crop = layers.Cropping1D((n_prefix_tokens, 0), name=unused_name("patch_tokens"))
        tokens = crop(tokens)
    return poolers[part](data_format="channels_last", name=unused_name(f"{part}_token"))(tokens)


def class_token(tokens, unused_name):
    """Return the first token as a vector."""
    layers = import_keras().layers
    crop = layers.Cropping1D((0, tokens.shape[1] - 1), name=unused_name("class_token"))
    return layers.Flatten(name=unused_name("class_vector"))(crop(tokens))
