"""NetworkSpec: what a network is built from, with a fingerprint that needs no Keras."""

import json
import os
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from skfusion._utils.fingerprint import digest_text
from skfusion.networks.backbones._building import build_cut, build_network

# Raised when the same recipe would give another network: what is stored is not used then.
FORMAT = 1


@dataclass
class NetworkSpec:
    """A backbone with all that its weights come from.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP`.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    weights : str, PathLike or None
        As in `PretrainedGAP`.

    options : dict or None
        Arguments of the backbone's constructor.

    seed : int
        Where random weights start.

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

    def __post_init__(self):
        if isinstance(self.backbone, os.PathLike):
            self.backbone = os.fspath(self.backbone)

    @property
    def has_fingerprint(self):
        """bool : Whether the recipe tells all; a user's function may do anything."""
        return not callable(self.backbone)

    def fingerprint(self, store):
        """Digest all that the network depends on; files count by their content."""
        return digest_text(
            FORMAT,
            self._of_file(self.backbone, store),
            self._of_file(self.weights, store),
            sorted((self.options or {}).items()),
            self.input_shape,
            self.seed,
            backend_versions(),
        )

    def _of_file(self, value, store):
        if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
            return store.digests.of(os.fspath(Path(value).absolute()), None)
        return value

    def build(self):
        """The Network, without a top."""
        return build_network(
            self.backbone,
            input_shape=self.input_shape,
            weights=self.weights,
            options=self.options,
            seed=self.seed,
        )

    def build_cut(self, cut_layer, pooling):
        """The Network, cut."""
        return build_cut(
            self.backbone,
            input_shape=self.input_shape,
            weights=self.weights,
            options=self.options,
            seed=self.seed,
            cut_layer=cut_layer,
            pooling=pooling,
        )


def backend_versions():
    """Keras's version, its backend and the backend's version, without importing any."""
    backend = os.environ.get("KERAS_BACKEND") or _configured_backend() or "tensorflow"
    packages = {
        "tensorflow": ("tensorflow", "tensorflow-cpu"),
        "jax": ("jax",),
        "torch": ("torch",),
    }
    versions = [_version(name) for name in packages.get(backend, ())]
    return _version("keras"), backend, next(filter(None, versions), None)


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _configured_backend():
    """The backend of Keras's own configuration file."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        return json.loads(Path(home, "keras.json").read_text()).get("backend")
    except (OSError, ValueError):
        return None
