"""The embedders of a fusion, with the options that their user has left open."""

from pathlib import Path

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skfusion.embedding._cnn_embedder import CNNEmbedder
from skfusion.embedding._pretrained_gap import PretrainedGAP
from skfusion.features._image_descriptors import ImageDescriptors
from skfusion.features._pixel_flattener import PixelFlattener
from skfusion.fusion._base_joint import BaseJoint
from skfusion.networks.backbones._registry import holds_weights


def make_embedder(embedder, cache):
    """Return a copy of the user's embedder, or the default one, with a cache where it has none."""
    embedder = PretrainedGAP(missing="nan") if embedder is None else clone(embedder)
    if cache is not None:
        _set_open(embedder, "cache", None, cache)
    return embedder


def make_embedders(embedder, cache):
    """Return copies of the user's embedders by name.

    Parameters
    ----------
    embedder : transformer, list of transformer, dict of str to transformer, or None
        One embedder is named "image"; of several, each gets a name of its own.

    cache : str, PathLike, FeatureStore or None
        For those without one.

    Returns
    -------
    embedders : dict of str to transformer
        In the user's order.

    Raises
    ------
    ValueError
        If there is none, or one is no transformer.
    """
    if not isinstance(embedder, (list, dict)):
        return {"image": make_embedder(embedder, cache)}
    given = list(embedder.values() if isinstance(embedder, dict) else embedder)
    for each in given:
        if not (hasattr(each, "fit_transform") and hasattr(each, "transform")):
            raise ValueError(
                f"embedder holds {each!r}, which is no transformer of images. Pass transformers "
                "such as PretrainedGAP or CNNEmbedder."
            )
    if not given:
        raise ValueError("embedder is empty. Pass an embedder, or image_columns=[] for none.")
    names = list(embedder) if isinstance(embedder, dict) else [_describe(each) for each in given]
    if len(given) == 1:
        return {"image": make_embedder(given[0], cache)}
    embedders = {}
    for name, each in zip(names, given, strict=True):
        number = 2 + sum(key.startswith(f"image: {name} ") for key in embedders)
        key = f"image: {name}" if f"image: {name}" not in embedders else f"image: {name} {number}"
        embedders[key] = make_embedder(each, cache)
    return embedders


def _describe(embedder):
    """Return a short name of an embedder."""
    if isinstance(embedder, Pipeline):
        return _describe(embedder[0])
    if isinstance(embedder, (ImageDescriptors, PixelFlattener)):
        return "descriptors" if isinstance(embedder, ImageDescriptors) else "pixels"
    if not isinstance(embedder, (PretrainedGAP, CNNEmbedder)):
        return type(embedder).__name__
    backbones = embedder.backbone if isinstance(embedder.backbone, list) else [embedder.backbone]
    name = " and ".join(
        getattr(each, "__name__", type(each).__name__) if callable(each) else Path(each).stem
        for each in backbones
    )
    if isinstance(embedder, PretrainedGAP):
        return name
    starts_trained = embedder.weights is not None or holds_weights(embedder.backbone)
    return f"{name} {'fine-tuned' if starts_trained else 'trained'}"


def set_open_options(embedder, *, task, cv, seed):
    """Set what the user of an embedder has left open, in all of its steps.

    Parameters
    ----------
    embedder : transformer
        An embedder, or a Pipeline with one. It is changed.

    task : {"classification", "regression"}
        For ``task="auto"``: whole numbers may be those of a regression.

    cv : int
        For a `CNNEmbedder` that is not cross-fitted: models must not learn from features that
        have seen the targets of their rows.

    seed : int
        For ``random_state=None``.
    """
    _set_open(embedder, "task", "auto", task)
    _set_open(embedder, "random_state", None, seed)
    for part in [embedder, *embedder.get_params().values()]:
        if isinstance(part, CNNEmbedder) and part.cv is None:
            part.set_params(cv=cv)


def open_networks(estimators, image_columns, seed, cache):
    """Return a user's models, with the options that its joint networks have left open."""
    opened = dict(estimators or {})
    models = opened.get("network", [])
    networks = []
    for each in models if isinstance(models, list) else [models]:
        network = each
        if isinstance(each, BaseJoint):
            network = clone(each).set_params(image_columns=image_columns, id_columns=[])
            _set_open(network, "random_state", None, seed)
            if cache is not None:
                _set_open(network, "cache", None, cache)
        networks.append(network)
    return opened | ({"network": networks} if networks else {})


def _set_open(embedder, option, default, value):
    """Set an option wherever it has its default, whatever the steps are called."""
    for name, held in embedder.get_params().items():
        # Arrays and tables, which a user's transformer may have as options, are not compared.
        is_default = held is None or isinstance(held, str)
        if name.split("__")[-1] == option and is_default and held == default:
            embedder.set_params(**{name: value})
