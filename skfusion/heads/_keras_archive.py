"""KerasArchive: a Keras model as bytes, with the code of its own that it needs."""

import inspect
import os
import tempfile

import numpy as np

from skfusion.networks.runtimes._keras import building, import_keras

keras = import_keras()

_LIBRARIES = {"builtins", "jax", "keras", "numpy", "tensorflow", "torch"}


class KerasArchive:
    """A compiled Keras model in the form of a ``.keras`` file.

    Parameters
    ----------
    content : ndarray of uint8
        The file: architecture, weights, and how the model is compiled, with the optimizer's state.

    objects : dict
        Layers, losses and functions of the model that aren't Keras's own, by the names that the
        file gives them.

    seeds : list of ndarray
        Where random layers are in their random numbers, which the file lacks.
    """

    def __init__(self, content, objects, seeds):
        self.content = content
        self.objects = objects
        self.seeds = seeds

    @classmethod
    def of_model(cls, model):
        """Save a model."""
        if model.compiled and not model.optimizer.built:  # Keras warns when it loads such a one
            model.optimizer.build(model.trainable_variables)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            keras.saving.save_model(model, path)
            content = np.fromfile(path, dtype=np.uint8)
        seeds = [keras.ops.convert_to_numpy(variable) for variable in _seed_variables(model)]
        return cls(content, find_objects(model), seeds)

    def to_model(self):
        """Build the model."""
        # Keras draws weights before it sets the saved ones.
        with building(0), tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            self.content.tofile(path)
            # A model may hold a function as code. It came with a pickle, which is code as well.
            model = keras.saving.load_model(path, custom_objects=self.objects, safe_mode=False)
        for variable, seed in zip(_seed_variables(model), self.seeds, strict=False):
            variable.assign(seed)
        return model


def _seed_variables(model):
    return [v for v in model.variables if v.path.endswith("seed_generator_state")]


def find_objects(model):
    """Find the classes and functions in a model that aren't Keras's own.

    Parameters
    ----------
    model : keras.Model
        The model, compiled or not.

    Returns
    -------
    objects : dict
        By the names that Keras saves them under.
    """
    parts = [model, *model._flatten_layers()]
    if model.compiled:
        parts += [model.optimizer, *_leaves([model.loss]), *model.metrics]
    found = {}
    for part in parts:
        for item in _leaves([part, *getattr(part, "__dict__", {}).values()]):
            code = item if inspect.isfunction(item) else type(item)
            is_saved = inspect.isfunction(item) or hasattr(item, "get_config")
            library = code.__module__.partition(".")[0]
            if is_saved and library not in _LIBRARIES and code.__name__ != "<lambda>":
                found[keras.saving.get_registered_name(code)] = code
    return found


def _leaves(items):
    """Yield what is in lists, tuples and dicts of any depth."""
    for item in items:
        if isinstance(item, dict):
            yield from _leaves(item.values())
        elif isinstance(item, list | tuple):
            yield from _leaves(item)
        else:
            yield item
