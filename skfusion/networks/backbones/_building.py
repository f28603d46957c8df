"""Networks built from the parameters `backbone` and `weights`, and shared by equal requests."""

from skfusion._utils.process_local import ProcessLocal
from skfusion.networks.backbones._file_stamp import file_stamp
from skfusion.networks.backbones._network_cache import NetworkCache
from skfusion.networks.backbones._registry import find_family
from skfusion.networks.onnx._choose_runtime import with_runtime

RECENT = ProcessLocal(NetworkCache)


def build_network(backbone, *, input_shape, weights=None, options=None, seed=0):
    """Build a backbone without its classification layer.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP`.

    input_shape : tuple (height, width, channels)
        The shape of the images; ignored for a file whose model has a fixed shape.

    weights : "imagenet", str, PathLike or None, default=None
        ImageNet weights, a weights file, or random weights.

    options : dict or None, default=None
        Further arguments of the constructor.

    seed : int, default=0
        Seed of random weights.

    Returns
    -------
    network : BaseNetwork
        The network, with its preprocessing.
    """
    return find_family(backbone).build(
        backbone,
        input_shape=input_shape,
        weights=weights,
        options=dict(options or {}),
        seed=seed,
    )


def build_cut(
    backbone,
    *,
    cut_layer,
    pooling,
    input_shape,
    weights=None,
    options=None,
    seed=0,
    preprocessing=None,
    runtime=None,
):
    """Build a backbone and cut it; equal requests in one process get the same network.

    The folds of a cross-validation share one live model, which is compiled once. Functions are
    called for each request: their model may depend on more than their arguments.

    Parameters
    ----------
    backbone, input_shape, weights, options, seed
        As in `build_network`.

    cut_layer : str, int or None
        As in `PretrainedGAP`.

    pooling : str or None
        As in `PretrainedGAP`.

    preprocessing : ImagePreprocessing or None, default=None
        How images are preprocessed; None is the backbone's own preprocessing.

    runtime : {"keras", "onnx", "openvino"} or None, default=None
        What computes the network; None is the runtime of its family.

    Returns
    -------
    network : BaseNetwork
        The cut network, with its preprocessing.
    """
    family = find_family(backbone)
    options = dict(options or {})
    spec = family.describe(backbone, options)

    def build():
        network = family.build_cut(
            backbone,
            cut_layer,
            pooling,
            input_shape=input_shape,
            weights=weights,
            options=options,
            seed=seed,
        )
        own = None if spec is None else spec.preprocessing
        if preprocessing not in (None, own):
            network = network.with_preprocessing(preprocessing)
        return with_runtime(network, runtime)

    if callable(backbone):
        return build()
    files = [*family.list_files(backbone), *([] if weights is None else [weights])]
    stamps = [file_stamp(file) for file in files]
    arguments = tuple(sorted(options.items()))
    key = (
        backbone,
        input_shape,
        weights,
        arguments,
        seed,
        cut_layer,
        pooling,
        preprocessing,
        runtime,
        family.version_key(),
        *stamps,
    )
    return RECENT.get().get_or_build(key, build) if _is_hashable(key) else build()


def _is_hashable(key):
    try:
        hash(key)
    except TypeError:
        return False
    return True
