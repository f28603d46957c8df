"""NetworkSpec: all that a network is built from, with a fingerprint that needs no Keras."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skfusion._utils.fingerprint import digest_text
from skfusion.images._image_digests import ImageDigests
from skfusion.networks._image_preprocessing import ImagePreprocessing
from skfusion.networks.backbones._building import build_cut, build_network
from skfusion.networks.backbones._registry import find_family
from skfusion.networks.onnx._choose_runtime import runtime_key

# Increased when the same spec would build another network, so that cached features aren't used.
FORMAT = 3


@dataclass
class NetworkSpec:
    """Describe a backbone and the source of its weights.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP`.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    weights : str, PathLike or None, default=None
        As in `PretrainedGAP`.

    options : dict or None, default=None
        Arguments of the backbone's constructor.

    seed : int, default=0
        Seed of random weights.

    preprocessing : ImagePreprocessing or None, default=None
        How images are preprocessed; None is the backbone's own preprocessing.

    runtime : {"keras", "onnx", "openvino"} or None, default=None
        What computes the network; None is the runtime of its family.

    Examples
    --------
    >>> from skfusion.networks.backbones._network_spec import NetworkSpec
    >>> NetworkSpec("small_cnn", (28, 28, 1)).build().output_shape
    (256,)
    """

    backbone: object
    input_shape: tuple[Any, ...]
    weights: object = None
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    preprocessing: ImagePreprocessing | None = None
    runtime: str | None = None

    @property
    def has_fingerprint(self):
        """bool : Whether the spec determines the network; a user's function may do anything."""
        return not callable(self.backbone)

    def fingerprint(self, store):
        """Return a digest of all that the network depends on.

        Parameters
        ----------
        store : FeatureStore
            Its digests identify files by their content.

        Returns
        -------
        fingerprint : str
            The digest.
        """
        family = find_family(self.backbone)
        files = family.list_files(self.backbone)
        return digest_text(
            FORMAT,
            family.name,
            [_file_digest(file, store) for file in files] or family.identity(self.backbone),
            _file_digest(self.weights, store),
            sorted((self.options or {}).items()),
            self.input_shape,
            self.seed,
            self.preprocessing,
            family.version_key(),
            None if self.runtime == family.runtime else runtime_key(self.runtime),
        )

    def build(self):
        """Build the network, without a top."""
        return build_network(self.backbone, **self._arguments)

    def build_cut(self, cut_layer, pooling):
        """Build the network and cut it."""
        return build_cut(
            self.backbone,
            cut_layer=cut_layer,
            pooling=pooling,
            preprocessing=self.preprocessing,
            runtime=self.runtime,
            **self._arguments,
        )

    @property
    def _arguments(self):
        return {
            "input_shape": self.input_shape,
            "weights": self.weights,
            "options": self.options,
            "seed": self.seed,
        }


def _file_digest(value, store):
    """Return the digest of a file's content; any other value as it is."""
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        return ImageDigests(store.path_memo).of(os.fspath(Path(value).absolute()))
    return value
