"""Keras models from their configuration as JSON."""

from skfusion.networks.runtimes._keras import import_keras
from skfusion.networks.runtimes._keras_hub import import_keras_hub


def model_from_config(config, name):
    """Build a Keras model with random weights.

    Parameters
    ----------
    config : str
        The architecture as Keras's JSON. Keras builds layers of its own and of KerasHub from it;
        it runs no code that the text holds.

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
    if '"keras_hub' in config:
        import_keras_hub(f"The network {name!r} has layers of KerasHub")
    return import_keras().models.model_from_json(config)
