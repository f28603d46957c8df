"""KerasHub, imported on first use."""

from skfusion.exceptions import ExtraNotFoundError
from skfusion.networks.runtimes._keras import import_keras


def import_keras_hub(reason):
    """Import KerasHub.

    Parameters
    ----------
    reason : str
        Why it is needed: the beginning of the message if it is not installed.

    Returns
    -------
    keras_hub : module
        The package.

    Raises
    ------
    ExtraNotFoundError
        If it can't be imported.
    """
    import_keras()
    try:
        import keras_hub
    except ImportError as error:
        raise ExtraNotFoundError(
            f"{reason}, and KerasHub could not be imported ({error}). Install it with two "
            "commands: pip install 'skfusion[hub]' and pip install --no-deps keras-hub."
        ) from error
    return keras_hub
