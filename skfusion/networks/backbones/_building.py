"""From what a user writes as `backbone` and `weights` to a Network."""

import inspect
import os
from functools import lru_cache
from pathlib import Path

from skfusion._utils.messages import with_remedies
from skfusion.exceptions import WeightsNotFoundError
from skfusion.networks._cutting import cut_model, find_cut, free_name
from skfusion.networks._network import Network
from skfusion.networks.backbones._deep_cnn import deep_cnn
from skfusion.networks.backbones._network_cache import NetworkCache
from skfusion.networks.backbones._registry import BACKBONES, find_backbone
from skfusion.networks.backbones._small_cnn import small_cnn
from skfusion.networks.runtimes._keras import building, import_keras

DENSE_UNITS = 256
RECENT = NetworkCache()
# A thread that was inside is not in the child.
os.register_at_fork(after_in_child=RECENT.__init__)  # type: ignore[misc]  # no subclass
_OURS = {"small_cnn": small_cnn, "deep_cnn": deep_cnn}


def find_spec(backbone):
    """The BackboneSpec of a named backbone; None for a user's own (a path or a function)."""
    if callable(backbone) or is_model_path(backbone):
        return None
    return find_backbone(backbone)


def backbone_slug(backbone):
    """What a backbone is called in feature names."""
    if callable(backbone):
        return getattr(backbone, "__name__", type(backbone).__name__).lower().strip("<>_")
    return Path(backbone).stem.lower() if is_model_path(backbone) else str(backbone).lower()


def is_model_path(backbone):
    """Whether a backbone is the user's own file."""
    if isinstance(backbone, os.PathLike):
        return True
    is_path = isinstance(backbone, str) and Path(backbone).suffix in (".keras", ".h5")
    return is_path and backbone not in BACKBONES


def build_network(backbone, *, input_shape=None, weights=None, options=None, seed=0):
    """Build a backbone without its classification layer.

    Parameters
    ----------
    backbone : str, PathLike or callable
        A name of the table, the path of a `.keras` file, or a function
        ``f(input_shape) -> keras.Model``.

    input_shape : tuple (height, width, channels)
        The shape of the images; not used for a path whose model has a fixed shape of its own.

    weights : "imagenet", str, PathLike or None, default=None
        ImageNet weights, a weights file, or random weights.

    options : dict or None, default=None
        Further arguments of the constructor.

    seed : int, default=0
        Where random weights start.

    Returns
    -------
    network : Network
        Named backbones carry their own preprocessing; users' own models get pixels in 0..255.
    """
    options = dict(options or {})
    with building(seed):
        if not callable(backbone):
            return Network.from_model(*_build_ours(backbone, input_shape, weights, options))
        model = _of_fixed_size(_call_users_function(backbone, input_shape, options), input_shape)
        network = Network.from_model(backbone_slug(backbone), model, "none")
        if weights in (None, "imagenet"):
            return network
        copy = network.to_model()  # the function may have kept the model it gave us
        _load_weights(copy, weights, network.name)
        return network.with_weights(copy.get_weights())


def _build_ours(backbone, input_shape, weights, options):
    """Name, Keras model and preprocessing of a named backbone or of a `.keras` file."""
    if not is_model_path(backbone):
        return _build_named(find_backbone(backbone), input_shape, weights, options)
    name, model = backbone_slug(backbone), _of_fixed_size(_load_users_file(backbone), input_shape)
    if weights not in (None, "imagenet"):
        _load_weights(model, weights, name)
    return name, model, "none"


def build_cut(backbone, *, cut_layer, pooling, weights=None, options=None, seed=0, input_shape):
    """A backbone, cut; equal requests in one process get the same Network.

    So the folds of a cross-validation share one live model, and it is compiled once. Functions
    are called anew each time: what they return may depend on more than their arguments.
    """
    options = dict(options or {})
    if callable(backbone):
        network = build_network(
            backbone, input_shape=input_shape, weights=weights, options=options, seed=seed
        )
        return cut_network(network, cut_layer, pooling)

    def build():
        with building(seed):
            parts = _build_ours(backbone, input_shape, weights, options)
            return _cut(*parts, cut_layer, pooling)

    files = [_stamp(f) for f in (backbone, weights) if isinstance(f, (str, os.PathLike))]
    arguments = tuple(sorted(options.items()))
    key = (backbone, input_shape, weights, arguments, seed, cut_layer, pooling, *files)
    return RECENT.find(key, build) if _is_hashable(key) else build()


def _is_hashable(key):
    try:
        hash(key)
    except TypeError:
        return False
    return True


def _stamp(path):
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def cut_network(network, cut_layer, pooling, flips=None):
    """A Network from the same input to the vector at `cut_layer`.

    Networks of one architecture, as the folds of a cross-fit are, are cut at once where one of
    them was cut before.
    """
    state, kept = _cut_of(network.name, network.config, network.preprocessing, cut_layer, pooling)
    weights = [network.weights[i] for i in kept]
    return Network.from_state({**state, "weights": weights, "flips": flips})


@lru_cache(maxsize=32)
def _cut_of(name, config, preprocessing, cut_layer, pooling):
    """A cut of an architecture, as a state without weights, and which of its weights are left."""
    with building(0):
        model = import_keras().models.model_from_json(config)
        cut_name, cut = _cut_keras(name, model, cut_layer, pooling)
    place = {id(variable): i for i, variable in enumerate(model.weights)}
    kept = [place[id(variable)] for variable in cut.weights]
    state = Network.from_model(name, cut, preprocessing, cut_name=cut_name).state()
    return {**state, "weights": None}, kept


def _cut(name, model, preprocessing, cut_layer, pooling):
    cut_name, cut = _cut_keras(name, model, cut_layer, pooling)
    return Network.from_model(name, cut, preprocessing, cut_name=cut_name)


def _cut_keras(name, model, cut_layer, pooling):
    """The layer's name, and the Keras model up to it."""
    cut_name, output = find_cut(model, cut_layer, name)
    return cut_name, cut_model(model, output, pooling, name)


def add_top(network, *, n_outputs, activation, dense_units=DENSE_UNITS, seed=0):
    """Put an output layer on a network, below it gap and dense where it ends in feature maps."""
    layers = import_keras().layers
    with building(seed):
        model = network.to_model()
        x = model.outputs[0]
        top = output = free_name(model, "output")
        if len(x.shape) == 4:
            top = free_name(model, "gap")
            x = layers.GlobalAveragePooling2D(name=top)(x)
            dense = free_name(model, "dense")
            x = layers.Dense(dense_units, activation="relu", name=dense)(x)
        if len(x.shape) != 2:
            raise ValueError(
                f"{network.name} gives an output of shape {tuple(x.shape)}; a vector or feature "
                "maps are needed."
            )
        outputs = layers.Dense(n_outputs, activation=activation, name=output)(x)
        topped = import_keras().Model(model.inputs, outputs, name=model.name)
        return Network.from_model(network.name, topped, network.preprocessing, top=top)


def _build_named(spec, input_shape, weights, options):
    """As `_build_ours`."""
    side = min(input_shape[:2])
    if side < spec.min_size:
        raise with_remedies(
            ValueError,
            f"Images of {input_shape[0]} x {input_shape[1]} pixels are too small for "
            f"{spec.name}, which needs {spec.min_size} x {spec.min_size}.",
            {"larger": "Pass a larger image_size."},
        )
    if weights == "imagenet" and spec.license is None:
        own = "Pass a weights file or weights=None, or train it with CNNEmbedder."
        raise with_remedies(
            ValueError, f"There are no ImageNet weights for {spec.name!r}.", {"own weights": own}
        )
    if weights not in (None, "imagenet"):
        _check_exists(weights, spec.name)
        weights = os.fspath(weights)
    try:
        model = _construct(spec, input_shape, weights, options)
    except Exception as error:
        raise _explained(error, spec, weights, options) from error
    return spec.slug, model, spec.module or "unit"


def _construct(spec, input_shape, weights, options):
    if spec.name in _OURS:
        model = _OURS[spec.name](input_shape, **options)
        if weights is not None:
            model.load_weights(weights)
        return model
    constructor = getattr(import_keras().applications, spec.name)
    return constructor(include_top=False, weights=weights, input_shape=input_shape, **options)


def _explained(error, spec, weights, options):
    """What a failed construction means to the user."""
    with_options = f" with backbone_options={options}" if options else ""
    text = " ".join(str(error).split())
    if isinstance(error, TypeError):
        return TypeError(f"{spec.name} can't be built{with_options}: {text}")
    if weights is None:
        return ValueError(f"{spec.name} can't be built{with_options}: {text}")
    if weights == "imagenet" and ("URL fetch" in text or isinstance(error, OSError)):
        remedy = "Pass weights=<path of a weights file>, or run once where there is a network."
        return with_remedies(
            WeightsNotFoundError,
            f"The ImageNet weights of {spec.name} are not in Keras's cache (~/.keras/models) and "
            f"could not be downloaded ({text:.200}).",
            {"fetch weights": remedy},
        )
    return ValueError(f"The weights {weights!r} don't fit {spec.name}{with_options}: {text:.400}")


def _check_exists(weights, name):
    if not os.path.isfile(weights):
        remedy = "Pass weights='imagenet', the path of a weights file, or None for random weights."
        raise with_remedies(
            WeightsNotFoundError,
            f"No weights for {name} at {os.fspath(weights)!r}: no such file.",
            {"which weights": remedy},
        )


def _load_weights(model, weights, name):
    _check_exists(weights, name)
    try:
        model.load_weights(os.fspath(weights))
    except Exception as error:
        text = " ".join(str(error).split())
        message = f"The weights {os.fspath(weights)!r} don't fit {name}: {text:.400}"
        raise ValueError(message) from error


def _call_users_function(function, input_shape, options):
    try:
        inspect.signature(function).bind(input_shape, **options)
    except TypeError as error:
        raise TypeError(
            f"The backbone function must take the shape of an image, f(input_shape), and return "
            f"a keras.Model: {error}."
        ) from error
    return function(input_shape, **options)


def _load_users_file(path):
    if not os.path.isfile(path):
        raise WeightsNotFoundError(f"No model at {os.fspath(path)!r}: no such file.")
    try:
        # safe_mode: a model file must not bring code along.
        return import_keras().models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        text = " ".join(str(error).split())
        raise ValueError(
            f"The model file {os.fspath(path)!r} can't be loaded: {text:.400}"
        ) from error


def _of_fixed_size(model, input_shape):
    """A user's model; one that takes images of any size gets this size."""
    if None not in _checked(model).inputs[0].shape[1:]:
        return model
    keras = import_keras()
    fixed = keras.models.clone_model(model, input_tensors=keras.Input(input_shape))
    fixed.set_weights(model.get_weights())
    return fixed


def _checked(model):
    keras = import_keras()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The backbone must be a keras.Model, got {type(model).__module__}."
            f"{type(model).__name__}."
        )
    # Only networks that are graphs of layers know these, and only they can be saved and cut.
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
    return model
