"""Users' own networks: a function that returns a Keras model, or a file that holds one."""

import inspect
import os
from pathlib import Path

from skfusion.exceptions import WeightsNotFoundError
from skfusion.networks._network import Network
from skfusion.networks.backbones._keras_family import KerasFamily
from skfusion.networks.backbones._weights_files import load_weights, short_text
from skfusion.networks.runtimes._keras import import_keras


class CustomFamily(KerasFamily):
    """Build users' own Keras models. They get pixels in 0..255."""

    name = "custom"

    def list_names(self):
        """Return no names."""
        return []

    def claims(self, backbone):
        """Return whether a backbone is a function or the path of a model file."""
        return callable(backbone) or is_model_path(backbone)

    def find_spec(self, backbone):
        """Return None: nothing is known before the model is built."""
        return None

    def slug(self, backbone):
        """Return the name of the function, or of the file without its ending."""
        if callable(backbone):
            return getattr(backbone, "__name__", type(backbone).__name__).lower().strip("<>_")
        return Path(backbone).stem.lower()

    def list_files(self, backbone):
        """Return the model file."""
        return [] if callable(backbone) else [backbone]

    def holds_weights(self, backbone):
        """Return whether a backbone is a model file."""
        return is_model_path(backbone)

    def build_model(self, backbone, input_shape, weights, options):
        """Build the Keras model; "imagenet" leaves the weights as they are."""
        name = self.slug(backbone)
        if callable(backbone):
            model = _fix_size(_call_function(backbone, input_shape, options), input_shape)
            # A copy, since the function may return the same model each time.
            model = Network.from_model(name, model).to_model()
        else:
            model = _fix_size(_load_file(backbone), input_shape)
        if weights not in (None, "imagenet"):
            load_weights(model, weights, name)
        return model


def is_model_path(backbone):
    """Return whether a backbone is the path of a Keras model file."""
    if isinstance(backbone, os.PathLike):
        return True
    return isinstance(backbone, str) and Path(backbone).suffix in (".keras", ".h5")


def _call_function(function, input_shape, options):
    try:
        inspect.signature(function).bind(input_shape, **options)
    except TypeError as error:
        raise TypeError(
            f"The backbone function must take the shape of an image, f(input_shape), and return "
            f"a keras.Model: {error}."
        ) from error
    return function(input_shape, **options)


def _load_file(path):
    if not os.path.isfile(path):
        raise WeightsNotFoundError(f"No model at {os.fspath(path)!r}: no such file.")
    try:
        # safe_mode: a model file must not run code.
        return import_keras().models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise ValueError(
            f"The model file {os.fspath(path)!r} can't be loaded: {short_text(error)}"
        ) from error


def _fix_size(model, input_shape):
    """Return a model for images of one size; a model for images of any size is rebuilt."""
    _check_model(model)
    if None not in model.inputs[0].shape[1:]:
        return model
    keras = import_keras()
    fixed = keras.models.clone_model(model, input_tensors=keras.Input(input_shape))
    fixed.set_weights(model.get_weights())
    return fixed


def _check_model(model):
    """Raise an error unless this is a functional model from one image to one output."""
    if not isinstance(model, import_keras().Model):
        raise TypeError(
            f"The backbone must be a keras.Model, got {type(model).__module__}."
            f"{type(model).__name__}."
        )
    # Only functional models have these, and only functional models can be saved and cut.
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise ValueError(
            "The backbone must be a functional keras.Model, or a Sequential with an Input layer; "
            f"this {type(model).__name__} has no defined inputs and outputs."
        )
    if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4:
        raise ValueError(
            "The backbone must have one input of shape (batch, height, width, channels) and one "
            f"output; it has inputs {[tuple(i.shape) for i in inputs]} and {len(outputs)} "
            "output(s)."
        )
