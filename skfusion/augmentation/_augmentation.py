"""Augmentation: random changes of a batch of images."""

import copy
import inspect
from dataclasses import fields

import numpy as np

from skfusion.augmentation._random_transform import LIGHT, RECIPE, RandomTransform
from skfusion.networks.runtimes._keras import building, import_keras

_NAMED = {"light": LIGHT, "recipe": RECIPE}


class Augmentation:
    """Return changed copies of batches of images; see `make_augmentation`.

    Parameters
    ----------
    apply : callable
        Called as ``apply(pixels, rng)``. It may change the pixels in place.

    name : str
        The name in error messages.

    key : str or None, default=None
        A complete description of what it does, None if it is code.
    """

    def __init__(self, apply, name, key=None):
        self._apply = apply
        self.name = name
        self.key = key

    def __repr__(self):
        return f"Augmentation({self.name})"

    def __call__(self, pixels, rng):
        """Return a changed copy of a batch.

        Parameters
        ----------
        pixels : ndarray of shape (n, height, width, channels)
            Images in 0..255. They are not changed.

        rng : numpy.random.Generator
            The source of random numbers.

        Returns
        -------
        pixels : ndarray of shape (n, height, width, channels), uint8 or float32
            Images in 0..255.

        Raises
        ------
        ValueError
            If the result is not an array of finite pixels of the same shape.
        """
        result = self._apply(pixels.copy(), rng)
        try:
            changed = np.asarray(result)
        except (TypeError, ValueError):  # a ragged list, or an array on a GPU
            changed = np.asarray(None)
        if changed.dtype.kind not in "uif":
            raise ValueError(
                f"The augmentation {self.name} must return an array of numbers of shape "
                f"{pixels.shape}, it returned a {type(result).__name__}."
            )
        if changed.shape != pixels.shape:
            raise ValueError(
                f"The augmentation {self.name} turned images of shape {pixels.shape} into "
                f"shape {changed.shape}; it must keep the shape."
            )
        if changed.dtype == np.uint8:
            return changed
        changed = changed.astype(np.float32)
        if not np.isfinite(changed).all():
            raise ValueError(
                f"The augmentation {self.name} turned images of shape {pixels.shape} into "
                f"shape {changed.shape} with NaN or infinite values."
            )
        if changed.size == 0:
            return changed
        # Noise and contrast may leave 0..255. Floats with a wider range keep their range.
        return changed.clip(min(pixels.min(), 0), max(pixels.max(), 255), out=changed)


def make_augmentation(spec):
    """Make an Augmentation from the parameter `augmentation`.

    Parameters
    ----------
    spec : None, str, dict, RandomTransform, keras.layers.Layer or callable
        None changes nothing. "light" and "recipe" are two sets of changes. A dict has arguments
        of `RandomTransform`. A Keras layer is copied and called with ``training=True``, on
        float32 pixels in 0..255. A function is called as ``f(pixels)``, or ``f(pixels, rng)`` if
        it has two positional arguments without defaults. For reproducible results it must draw
        its random numbers from `rng`.

    Returns
    -------
    augmentation : Augmentation or None
        None for None.

    Raises
    ------
    TypeError
        If `spec` is none of these.

    ValueError
        If a name or a key of a dict is unknown, a value is out of range, or a layer cannot be
        copied.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.augmentation._augmentation import make_augmentation
    >>> augmentation = make_augmentation({"rotation": 15, "fill": "reflect"})
    >>> pixels = np.zeros((2, 28, 28, 1), dtype=np.uint8)
    >>> augmentation(pixels, np.random.default_rng(0)).shape
    (2, 28, 28, 1)
    """
    if spec is None:
        return None
    if isinstance(spec, str):
        if spec not in _NAMED:
            raise ValueError(f"augmentation={spec!r} is unknown; the names are {list(_NAMED)}.")
        return _of_transform(_NAMED[spec], repr(spec))
    if isinstance(spec, dict):
        return _of_transform(_transform_of_dict(spec), repr(spec))
    if isinstance(spec, RandomTransform):
        return _of_transform(spec, repr(spec))
    if callable(spec) and not isinstance(spec, type):
        if isinstance(spec, import_keras().layers.Layer):
            return _of_layer(spec)
        return _of_function(spec)
    got = f"the class {spec.__name__}, not an instance" if isinstance(spec, type) else repr(spec)
    raise TypeError(
        "augmentation must be None, 'light', 'recipe', a dict of arguments of RandomTransform, a "
        f"RandomTransform, a Keras layer, or a function f(pixels) or f(pixels, rng); got {got}."
    )


def _transform_of_dict(arguments):
    allowed = [field.name for field in fields(RandomTransform)]
    unknown = [key for key in arguments if key not in allowed]
    if unknown:
        raise ValueError(f"augmentation has unknown keys {unknown}; the keys are {allowed}.")
    return RandomTransform(**arguments)


def _of_transform(transform, name):
    def apply(pixels, rng):
        for i, image in enumerate(pixels):
            pixels[i] = transform(image, rng)
        return pixels

    return Augmentation(apply, name, key=repr(transform))


def _of_layer(layer):
    keras = import_keras()
    try:
        with building(0):  # a new layer draws its seed from Python's global generator
            # A copy by config works for any layer, but loses its weights.
            private = (
                copy.deepcopy(layer)
                if layer.weights
                else layer.__class__.from_config(layer.get_config())
            )
    except Exception as error:
        raise ValueError(
            f"The augmentation {layer.name} cannot be copied ({error}). Pass a function that "
            "calls it instead."
        ) from error

    def apply(pixels, rng):
        seed = int(rng.integers(2**31))
        states = [v for v in private.variables if v.path.endswith("seed_generator_state")]
        for i, state in enumerate(states):
            state.assign(np.array([seed, i], dtype=np.uint32))
        with building(seed):  # the first call builds; custom layers may draw from NumPy
            changed = private(pixels.astype(np.float32), training=True)
        return keras.ops.convert_to_numpy(changed)

    return Augmentation(apply, layer.name)


def _of_function(function):
    name = getattr(function, "__qualname__", None) or repr(function)
    if _takes_rng(function):
        return Augmentation(function, name)
    return Augmentation(lambda pixels, rng: function(pixels), name)


def _takes_rng(function):
    """Return whether a function has a second positional argument without a default.

    The second argument of ``np.flip``, for example, has a default: it is an axis.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some functions in C have no signature
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [p for p in parameters if p.kind in positional and p.default is p.empty]
    return len(required) == 2
