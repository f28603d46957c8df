"""Weights files that users pass: whether they exist, and whether they fit."""

import os

from skfusion._utils.messages import with_remedies
from skfusion.exceptions import WeightsNotFoundError


def check_weights_file(weights, name):
    """Raise WeightsNotFoundError if there is no such file."""
    if not os.path.isfile(weights):
        remedy = "Pass weights='imagenet', the path of a weights file, or None for random weights."
        raise with_remedies(
            WeightsNotFoundError,
            f"No weights for {name} at {os.fspath(weights)!r}: no such file.",
            {"which weights": remedy},
        )


def load_weights(model, weights, name):
    """Load a weights file into a Keras model; raise ValueError if it doesn't fit."""
    check_weights_file(weights, name)
    try:
        model.load_weights(os.fspath(weights))
    except Exception as error:
        message = f"The weights {os.fspath(weights)!r} don't fit {name}: {short_text(error)}"
        raise ValueError(message) from error


def short_text(error, length=400):
    """Return an error's text on one line, cut off after some characters."""
    return " ".join(str(error).split())[:length]
