"""Keras models to their configuration as JSON, and back."""

import inspect
import json

from skfusion.networks.runtimes._keras import import_keras
from skfusion.networks.runtimes._keras_hub import import_keras_hub

_HUB = "keras_hub"
# Arguments of every layer's constructor.
_OF_ALL_LAYERS = {"name", "trainable", "dtype"}
# Append "_0" to their names.
_RENAMED = ("DepthwiseConvBlock",)
_PLAIN = (bool, int, float, str, list, tuple, type(None))


def model_to_config(model):
    """Return the architecture of a Keras model as JSON.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential model.

    Returns
    -------
    config : str
        Keras's own JSON. The configurations of some layers of KerasHub, from which they can't be
        built again, are completed.
    """
    text = model.to_json()
    if f'"{_HUB}' not in text:
        return text
    config = json.loads(text)
    _complete(model, config)
    return json.dumps(config)


def _complete(model, config):
    """Complete the configurations of KerasHub's layers in that of a model, in place."""
    layers = {layer.name: layer for layer in model.layers}
    for entry in config["config"]["layers"]:
        layer = layers.get(entry["config"]["name"])  # None for an operation that is no layer
        if "layers" in entry["config"]:
            _complete(layer, entry)
        elif isinstance(layer, import_keras().Model):
            continue  # KerasHub builds its whole backbones again
        elif type(layer).__module__.startswith(_HUB):
            entry["config"] = _constructor_arguments(layer, entry["config"])


def _constructor_arguments(layer, config):
    """Return the arguments of a layer's constructor, from its configuration and attributes."""
    names = set(inspect.signature(type(layer).__init__).parameters) - {"self", "args", "kwargs"}
    kept = {name: value for name, value in config.items() if name in names | _OF_ALL_LAYERS}
    left_out = {
        name: getattr(layer, name)
        for name in sorted(names - set(kept))
        if isinstance(getattr(layer, name, ...), _PLAIN)
    }
    arguments = {**kept, **left_out}
    if type(layer).__name__ in _RENAMED:
        arguments["name"] = arguments["name"].removesuffix("_0")
    return arguments


def model_from_config(config, name):
    """Build a Keras model with random weights.

    Parameters
    ----------
    config : str
        The architecture, from `model_to_config`. Keras builds layers of its own and of KerasHub
        from it; it runs no code that the text holds.

    name : str
        The network's name in messages.

    Returns
    -------
    model : keras.Model
        The model.

    Raises
    ------
    ExtraNotFoundError
        If the model has layers of KerasHub, which is not installed.
    """
    if f'"{_HUB}' in config:
        import_keras_hub(f"The network {name!r} has layers of KerasHub")
    return import_keras().models.model_from_json(config)
