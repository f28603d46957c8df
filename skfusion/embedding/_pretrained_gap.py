"""PretrainedGAP: columns from pretrained networks."""

import os
from collections.abc import Sequence
from itertools import chain, count
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skfusion._utils.fingerprint import digest_text
from skfusion._utils.plain_data import plain_data
from skfusion._utils.typing import Backbone, CutLayer, PathLike, Shape, Size
from skfusion.base import ImageTransformer
from skfusion.embedding._network_extractor import NetworkExtractor, with_built_networks
from skfusion.embedding._network_resizing import least_decoded_size, network_resizing
from skfusion.images._image_reader import ImageReader
from skfusion.networks._image_preprocessing import NO_PREPROCESSING, ImagePreprocessing
from skfusion.networks._lazy_network import LazyNetwork
from skfusion.networks._pooling import POOLINGS, token_parts
from skfusion.networks.backbones._find_input import find_input
from skfusion.networks.backbones._network_spec import NetworkSpec
from skfusion.networks.backbones._registry import backbone_slug, holds_weights
from skfusion.networks.onnx._choose_runtime import RUNTIMES
from skfusion.store._as_store import as_store
from skfusion.store._feature_store import FeatureStore

# Large photographs are decoded for this size at least. Nearly all backbones ask for less, so that
# the features of one don't depend on the others.
_DECODED_SIZE = (336, 336)


@plain_data
class PretrainedGAP(ImageTransformer):
    """Embed images with pretrained networks, global average pooled.

    Each image runs once through a network that was trained on ImageNet, without its
    classification layer; the last feature maps, averaged over the image, become columns. The
    best first choice for photographs where there are too few to train a network. Several
    backbones are side by side.

    Parameters
    ----------
    backbone : str, PathLike, callable or list of these, default="ResNet50"
        A name of `list_backbones`; the path of a `.keras` file or an `.onnx` file; a preset of
        KerasHub, as a name, an address ("hf://...", "kaggle://...") or a folder; or a function
        ``f(input_shape) -> keras.Model``, which a model that is to be pickled takes from an
        importable module. A list gives the features of all, in its order. Users' own Keras models
        get RGB values in 0..255 and hold their own preprocessing. ONNX files run without Keras;
        see :doc:`/other_models`.

    weights : "imagenet", str, PathLike, dict, list or None, default="imagenet"
        "imagenet" takes Keras's file from its cache, or downloads it; for a preset of KerasHub
        it loads the preset's own weights. Else the path of a weights file without top, or None
        for random weights drawn from `random_state`. A dict maps backbone names to any of these;
        those it doesn't name get "imagenet". A list has one of these for each backbone. A
        `.keras` file has its own weights and a function may load some: for both, "imagenet"
        changes nothing.

    backbone_options : dict, list of (dict or None) or None, default=None
        Arguments of the backbone's constructor, such as ``{"alpha": 0.25}``. A dict goes to each
        backbone; a list has one for each, so that one backbone can be used in two widths. For ONNX
        files they declare what the file leaves open: "input" (the name of the input for images),
        "layout" ("NCHW" or "NHWC") and "n_prefix_tokens".

    cut_layer : str, int or None, default=None
        The layer whose output becomes columns, by name (see `list_cut_layers`) or position; None
        is the last feature layer, or the output of an ONNX file.

    pooling : {"avg", "max", "mean", "cls", "cls+mean"} or None, default="avg"
        How feature maps, or the tokens of a transformer, become a vector. "avg" and "mean"
        average, "max" takes the maximum, both over the positions of the image: class and register
        tokens are left out. "cls" is the class token, "cls+mean" both side by side; they need
        tokens. None flattens. The names of features of tokens hold "cls", "mean" or "max".

    image_size : tuple (height, width) or None, default=None
        The size in pixels to which images are resized; None takes the size of `preprocessing`,
        or else the size that the backbone was trained on, 224 x 224 for a function.

    preprocessing : ImagePreprocessing, list of (ImagePreprocessing or None) or None, default=None
        How images become the network's inputs; None is the backbone's own preprocessing. A list
        has one for each backbone. Users' own Keras models get values in 0..255 unless it is given.
        For an ONNX file, None reads ``preprocessor_config.json`` (transformers) or ``config.json``
        (timm) beside it.

    runtime : {"keras", "onnx", "openvino"} or None, default=None
        The library that computes the networks. None is Keras, and ONNX Runtime for ONNX files. The
        features of all are the same to four digits, and the rates differ: see :doc:`/runtimes`.
        "onnx" and "openvino" convert Keras's networks in `fit`, which needs TensorFlow and the
        extra ``onnx-export``; the fitted transformer then runs without Keras. "openvino" needs
        the extra ``openvino``, too.

    batch_size : int, default=32
        Images per call of the network.

    random_state : int, default=0
        Where random weights start (``weights=None``).

    color_mode : {"auto", "rgb", "grayscale"}, default="auto"
        The number of channels of the images; networks always get three. "auto" is "rgb". See
        :term:`color_mode`.

    image_shape : tuple (height, width[, channels]) or None, default=None
        The shape of the images if X is a table of flattened images. See :term:`image_shape`.

    combine : {"mean", "max"} or None, default=None
        How several images of a row become one line of features. See :term:`combine`.

    missing : {"error", "nan", "zero", "mean"}, default="error"
        The features of rows without an image. See :term:`missing`.

    add_indicator : bool, default=False
        Whether to append columns that mark missing images. See :term:`add_indicator`.

    corrupt : {"error", "missing"}, default="error"
        Whether unreadable images are an error or count as missing. See :term:`corrupt`.

    reader : ImageReader or None, default=None
        How cells become pixels; None is ``ImageReader()``. See :term:`reader`.

    cache : str, PathLike, FeatureStore or None, default=None
        Where features are kept, so that no image is computed twice: a folder, or a store. The
        network itself is then built only for images that are not in the store.

    drift : {"warn", "ignore"}, default="warn"
        Whether `transform` warns of images unlike those of `fit`. See :term:`drift`.

    verbose : int, default=0
        1 shows a progress bar with images a second.

    Attributes
    ----------
    networks_ : list of Network
        The cut networks, one a backbone, each with its weights.

    n_features_in_ : int
        Number of columns in `fit`.

    feature_names_in_ : ndarray of str
        Names of the columns in `fit`, where they had names.

    n_features_out_ : int
        Number of columns that `transform` gives.

    reader_ : ImageReader
        The reader in use.

    value_ranges_ : list of (tuple (low, high) or None)
        What is black and white in each image column, for floats and signed integers; None where
        `fit` saw none of these. See :ref:`pixel_values`.

    Raises
    ------
    ImageReadError
        If images are missing or can't be read, with all rows and reasons.

    WeightsNotFoundError
        If the weights are neither here nor to be downloaded.

    BackendNotFoundError
        If Keras has no backend.

    ExtraNotFoundError
        If the package of a runtime isn't installed.

    ValueError
        If a backbone or layer is unknown, or if the weights don't fit. If an ONNX file leaves
        something open that the parameters don't declare.

    See Also
    --------
    CNNEmbedder : A network that is trained on the images of `fit`.
    ImagePreprocessing : How images become the inputs of a network from elsewhere.
    list_backbones : The names of backbones.
    list_cut_layers : The layers of a backbone.

    Notes
    -----
    Each backbone gets its own preprocessing, that of its ``preprocess_input``. The features equal
    those of ``keras.applications`` with ``include_top=False, pooling="avg"``. Global average
    pooling is due to Lin, Chen and Yan, "Network in network" (arXiv 1312.4400).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion import PretrainedGAP
    >>> photos = np.zeros((2, 32, 32, 3), dtype="uint8")
    >>> gap = PretrainedGAP(
    ...     "MobileNet", weights=None, backbone_options={"alpha": 0.25}, image_size=(32, 32)
    ... )
    >>> gap.fit_transform(photos).shape
    (2, 256)
    >>> gap.get_feature_names_out()[:2]
    array(['x0_mobilenet_0000', 'x0_mobilenet_0001'], dtype=object)
    """

    _preprocessings = None  # of version 0.1, which only stretched images
    _fit_only_parameters = ("backbone",)
    _parameter_constraints: dict[str, Any] = {
        **ImageTransformer._parameter_constraints,
        "backbone": [str, os.PathLike, callable, list, tuple],
        "weights": [str, os.PathLike, dict, list, tuple, None],
        "backbone_options": [dict, list, tuple, None],
        "cut_layer": [str, Integral, None],
        "pooling": [StrOptions(set(POOLINGS)), None],
        "preprocessing": [ImagePreprocessing, list, tuple, None],
        "runtime": [StrOptions(set(RUNTIMES)), None],
        "cache": [str, os.PathLike, FeatureStore, None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": [Interval(Integral, 0, 2**32 - 1, closed="both")],
    }

    def __init__(
        self,
        backbone: Backbone | Sequence[Backbone] = "ResNet50",
        *,
        weights: PathLike | dict[str, Any] | Sequence[PathLike | None] | None = "imagenet",
        backbone_options: dict[str, Any] | Sequence[dict[str, Any] | None] | None = None,
        cut_layer: CutLayer = None,
        pooling: str | None = "avg",
        image_size: Size | None = None,
        preprocessing: ImagePreprocessing | Sequence[ImagePreprocessing | None] | None = None,
        runtime: str | None = None,
        batch_size: int = 32,
        random_state: int = 0,
        color_mode: str = "auto",
        image_shape: Shape | None = None,
        combine: str | None = None,
        missing: str = "error",
        add_indicator: bool = False,
        corrupt: str = "error",
        reader: ImageReader | None = None,
        cache: PathLike | FeatureStore | None = None,
        drift: str = "warn",
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.backbone_options = backbone_options
        self.cut_layer = cut_layer
        self.pooling = pooling
        self.image_size = image_size
        self.preprocessing = preprocessing
        self.runtime = runtime
        self.batch_size = batch_size
        self.random_state = random_state
        self.color_mode = color_mode
        self.image_shape = image_shape
        self.combine = combine
        self.missing = missing
        self.add_indicator = add_indicator
        self.corrupt = corrupt
        self.reader = reader
        self.cache = cache
        self.drift = drift
        self.verbose = verbose

    def _fit_columns(self, columns, y):
        backbones = self.backbone if isinstance(self.backbone, (list, tuple)) else [self.backbone]
        if not backbones:
            raise ValueError("backbone is an empty list; name at least one backbone.")
        self._slugs = _unique([backbone_slug(backbone) for backbone in backbones])
        each = [
            _one_each(name, getattr(self, name), len(backbones))
            for name in ("weights", "backbone_options", "preprocessing")
        ]
        specs = [self._spec(*asked) for asked in zip(backbones, *each, strict=True)]
        self._grayscale = self.color_mode == "grayscale"
        self._preprocessings = [spec.preprocessing for spec in specs]
        self._decoded_size = _enough_for(
            [least_decoded_size(spec.input_shape[:2], spec.preprocessing) for spec in specs]
        )
        self.networks_ = [self._network(spec, columns[0]) for spec in specs]

    def _spec(self, backbone, weights, options, preprocessing):
        """Return what the network of one backbone is built from."""
        if isinstance(weights, dict):
            weights = weights.get(backbone, "imagenet")
        input_shape, preprocessing = find_input(
            backbone, options=options, image_size=self.image_size, preprocessing=preprocessing
        )
        return NetworkSpec(
            backbone,
            input_shape=input_shape,
            weights=weights,
            options=options,
            seed=int(self.random_state),
            preprocessing=preprocessing,
            runtime=self.runtime,
        )

    def _network(self, spec, column):
        """Return the cut network; with a store, it is built when it is needed."""
        store = as_store(self.cache)
        # The input shape of a Keras model file is that of the file: it is loaded to find it.
        if store is None or not spec.has_fingerprint or holds_weights(spec.backbone):
            return spec.build_cut(self.cut_layer, self.pooling)
        conversion = self._resizing(spec.input_shape, spec.preprocessing)
        extraction = self._columns.column_extraction(
            0, column, conversion, **self._extraction_options()
        )
        return self._lazy_network(spec, store, extraction, conversion)

    def _lazy_network(self, spec, store, extraction, conversion):
        """Return a network that is built only if its features are not in the store.

        The keys of features of tokens name what was pooled, so that the names of the features are
        known without the network.
        """
        fingerprint = digest_text(spec.fingerprint(store), self.cut_layer, self.pooling)

        def lazy(build, parts):
            key = digest_text(fingerprint, *parts) if parts else fingerprint
            width = store.width(extraction.cache_key(key, conversion))
            return LazyNetwork(
                build,
                fingerprint=key,
                input_shape=spec.input_shape,
                width=width,
                token_parts=parts,
            )

        def build():
            return spec.build_cut(self.cut_layer, self.pooling)

        for parts in {(): None, token_parts(self.pooling): None}:
            network = lazy(build, parts)
            if network.has_width:
                return network
        built = build()
        return lazy(lambda: built, built.token_parts)

    def _resizing(self, shape, preprocessing):
        return network_resizing(
            shape,
            preprocessing,
            self.reader_,
            grayscale=self._grayscale,
            decode_size=self._decoded_size,
        )

    def _extractors(self, position):
        preprocessings = self._preprocessings or [NO_PREPROCESSING] * len(self.networks_)
        return [
            NetworkExtractor(
                network,
                slug,
                self._resizing(network.input_shape, preprocessing),
                batch_size=self.batch_size,
                cached=self.cache is not None,
            )
            for slug, network, preprocessing in zip(
                self._slugs, self.networks_, preprocessings, strict=True
            )
        ]

    def __getstate__(self):
        return with_built_networks(super().__getstate__())


def _one_each(name, value, n_backbones):
    """Return a parameter for each backbone: a list as it is, anything else repeated."""
    if not isinstance(value, (list, tuple)):
        return [value] * n_backbones
    if len(value) != n_backbones:
        raise ValueError(
            f"{name} is a list of {len(value)}, but there are {n_backbones} backbone(s). Pass one "
            "for each backbone, in their order."
        )
    return value


def _unique(slugs):
    """Append numbers to slugs that occur twice."""
    unique = []
    for slug in slugs:
        names = chain([slug], (f"{slug}{i}" for i in count(2)))
        unique.append(next(name for name in names if name not in unique))
    return unique


def _enough_for(sizes):
    """Return the smallest size at which large photographs are decoded; None decodes them whole."""
    if None in sizes:
        return None
    return tuple(np.max([_DECODED_SIZE, *sizes], axis=0).tolist())
