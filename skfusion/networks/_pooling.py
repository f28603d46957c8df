"""Pooling: how feature maps or tokens become one vector for each image.

Tokens are the outputs of a transformer, of shape (tokens, width) for each image. The first of them
may be prefix tokens, which belong to no patch of the image: a class token, then registers.
"""

import numpy as np

# The values of the parameter `pooling` of estimators, beside None.
POOLINGS = ("avg", "max", "mean", "cls", "cls+mean")
# What each of them computes of tokens, in the words of feature names.
_OF_TOKENS = {
    "avg": ("mean",),
    "max": ("max",),
    "mean": ("mean",),
    "cls": ("cls",),
    "cls+mean": ("cls", "mean"),
    None: (),
}


def token_parts(pooling):
    """Return the parts of the vector that pooled tokens become.

    Parameters
    ----------
    pooling : str or None
        One of `POOLINGS`, or None.

    Returns
    -------
    parts : tuple of str
        "cls", "mean" and "max", in the vector's order; empty if tokens are flattened.

    Examples
    --------
    >>> from skfusion.networks._pooling import token_parts
    >>> token_parts("cls+mean")
    ('cls', 'mean')
    >>> token_parts("avg")
    ('mean',)
    """
    return _OF_TOKENS[pooling]


def parts_of(shape, pooling):
    """Return the `token_parts` of an output; empty for a vector or feature maps.

    Parameters
    ----------
    shape : tuple of int
        The shape of one image's output.

    pooling : str or None
        One of `POOLINGS`, or None.

    Examples
    --------
    >>> from skfusion.networks._pooling import parts_of
    >>> parts_of((7, 7, 64), "avg"), parts_of((50, 64), "avg")
    ((), ('mean',))
    """
    return token_parts(pooling) if len(shape) == 2 else ()


def check_pooling(shape, pooling, n_prefix_tokens, name):
    """Raise ValueError if an output can't be pooled in this way.

    Parameters
    ----------
    shape : tuple of (int or None)
        The shape of one image's output: (width,), (tokens, width) or (height, width, channels).

    pooling : str or None
        One of `POOLINGS`, or None.

    n_prefix_tokens : int or None
        The number of prefix tokens, the class token first; None if it is not known.

    name : str
        The network's name in messages.
    """
    if len(shape) == 2:
        _check_tokens(shape, pooling, n_prefix_tokens, name)
    elif "cls" in token_parts(pooling):
        kind = "a vector" if len(shape) == 1 else "feature maps"
        raise ValueError(
            f"pooling={pooling!r} needs a class token, and {name} gives {kind} of shape "
            f"{tuple(shape)} there. Pass pooling='avg', 'max' or None, or cut at a layer whose "
            "output is tokens."
        )


def _check_tokens(shape, pooling, n_prefix_tokens, name):
    if n_prefix_tokens is None and pooling is not None:
        raise ValueError(
            f"{name} gives an output of shape {tuple(shape)} there. If these are tokens, pass "
            "backbone_options={'n_prefix_tokens': ...}, the number of class and register tokens "
            f"before the patches (0 for none), which pooling={pooling!r} depends on; pooling=None "
            "flattens. Otherwise cut at a layer whose output is a vector or feature maps."
        )
    if "cls" in token_parts(pooling) and n_prefix_tokens == 0:
        raise ValueError(
            f"pooling={pooling!r} needs a class token, and {name} has none. Pass pooling='mean', "
            "'max' or None."
        )
    n_tokens = shape[0]
    if n_prefix_tokens is not None and n_tokens is not None and n_tokens <= n_prefix_tokens:
        raise ValueError(
            f"{name} gives {n_tokens} token(s) there, and the first {n_prefix_tokens} of them "
            "are prefix tokens, so that none belongs to the image. Correct n_prefix_tokens in "
            "backbone_options."
        )


def pooled_width(shape, pooling):
    """Return the length of the vector that an output becomes.

    Parameters
    ----------
    shape : tuple of int
        The shape of one image's output.

    pooling : str or None
        One of `POOLINGS`, or None.

    Examples
    --------
    >>> from skfusion.networks._pooling import pooled_width
    >>> pooled_width((50, 64), "cls+mean"), pooled_width((7, 7, 64), None)
    (128, 3136)
    """
    if pooling is None:
        return int(np.prod(shape))
    return shape[-1] * max(1, len(parts_of(shape, pooling)))


def pool_array(outputs, pooling, n_prefix_tokens=None, layout="channels_last"):
    """Pool the outputs of a batch.

    Parameters
    ----------
    outputs : ndarray of shape (n, width), (n, tokens, width) or of feature maps
        The outputs of a network that `check_pooling` accepts.

    pooling : str or None
        One of `POOLINGS`, or None, which flattens.

    n_prefix_tokens : int or None, default=None
        The number of prefix tokens, the class token first.

    layout : {"channels_last", "channels_first"}, default="channels_last"
        The axes of feature maps: (n, height, width, channels) or (n, channels, height, width).
        Flattened maps are in the order of (height, width, channels) for both.

    Returns
    -------
    vectors : ndarray of shape (n, n_features)
        One vector for each image.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.networks._pooling import pool_array
    >>> tokens = np.array([[[9.0], [1.0], [3.0]]])
    >>> pool_array(tokens, "cls+mean", n_prefix_tokens=1)
    array([[9., 2.]])
    """
    if outputs.ndim == 4 and layout == "channels_first":
        outputs = outputs.transpose(0, 2, 3, 1)
    if outputs.ndim == 2 or pooling is None:
        return outputs.reshape(len(outputs), -1)
    if outputs.ndim == 4:
        return outputs.max(axis=(1, 2)) if pooling == "max" else outputs.mean(axis=(1, 2))
    patches = outputs[:, n_prefix_tokens:]
    pooled = {
        "cls": lambda: outputs[:, 0],
        "mean": lambda: patches.mean(axis=1),
        "max": lambda: patches.max(axis=1),
    }
    return np.concatenate([pooled[part]() for part in token_parts(pooling)], axis=1)
