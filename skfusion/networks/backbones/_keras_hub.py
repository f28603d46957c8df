"""The image backbones of KerasHub: presets by name or address, and folders that hold one."""

import os
from functools import lru_cache
from pathlib import Path

from skfusion._utils.messages import with_remedies
from skfusion._utils.saved_state import installed_version
from skfusion.exceptions import WeightsNotFoundError
from skfusion.networks.backbones import _hub_presets as presets
from skfusion.networks.backbones._backbone_spec import BackboneSpec
from skfusion.networks.backbones._hub_loading import load_backbone, read_preset
from skfusion.networks.backbones._hub_towers import image_tower
from skfusion.networks.backbones._keras_family import KerasFamily
from skfusion.networks.backbones._weights_files import (
    check_weights_file,
    load_weights,
    short_text,
)

# The names that `weights` may have for the weights of the preset itself.
_OWN_WEIGHTS = ("imagenet", "pretrained")


class KerasHubFamily(KerasFamily):
    """Build the image backbones of KerasHub from presets."""

    name = "keras_hub"
    extra = "hub"

    def list_names(self):
        """Return the names of the presets that the installed version has."""
        return sorted(presets.image_presets())

    def claims(self, backbone):
        """Return whether a backbone is a preset's name or address, or a folder."""
        return (
            presets.is_remote(backbone) or presets.is_folder(backbone) or presets.is_name(backbone)
        )

    def find_spec(self, backbone):
        """Return the facts in a preset's own files, which KerasHub may have to download."""
        facts = self._facts(backbone)
        return BackboneSpec(
            self.slug(backbone),
            facts.image_size,
            n_features=None,
            preprocessing=facts.preprocessing,
            license="that of the preset",
            min_size=1,
            channels=3,
        )

    def find_preprocessing(self, backbone, options=None):
        """Return what the preset's own image converter does."""
        found = self._facts(backbone).preprocessing
        if found is None:
            raise ValueError(
                f"How the images of {self.slug(backbone)} are preprocessed is not known: the "
                "preset has no image_converter.json and no preprocessor_config.json. Pass "
                "preprocessing=ImagePreprocessing(mean=..., std=...) with the values of its model "
                "card."
            )
        return found

    def slug(self, backbone):
        """Return the name of the preset, model or folder."""
        return presets.slug_of(backbone)

    def list_files(self, backbone):
        """Return the files of a folder; those of a preset elsewhere are known by its name."""
        if presets.is_remote(backbone) or presets.is_name(backbone):
            return []
        return presets.folder_files(backbone)

    def identity(self, backbone):
        """Return a preset's name and its revision on this machine."""
        return backbone, self._facts(backbone).revision

    def version_key(self):
        """Return the versions of Keras, its backend and KerasHub."""
        return *super().version_key(), installed_version("keras-hub")

    def build_model(self, backbone, input_shape, weights, options):
        """Build the Keras model."""
        return self.build_with_prefix(backbone, input_shape, weights, options)[0]

    def build_with_prefix(self, backbone, input_shape, weights, options):
        """Build the Keras model; also return its number of prefix tokens."""
        options = dict(options)
        declared = options.pop("n_prefix_tokens", None)
        name = self.slug(backbone)
        is_file = weights is not None and weights not in _OWN_WEIGHTS
        if is_file:
            check_weights_file(weights, name)
        facts = self._facts(backbone)
        loaded = self._guard(
            backbone,
            load_backbone,
            facts,
            name,
            input_shape,
            options,
            pretrained=weights in _OWN_WEIGHTS,
        )
        if is_file:
            load_weights(loaded, weights, name)
        model, n_prefix_tokens = image_tower(loaded, name)
        _check_size(model, input_shape, name)
        return model, n_prefix_tokens if declared is None else declared

    def _facts(self, backbone):
        return self._guard(backbone, _read_preset, presets.preset_of(backbone), _stamp(backbone))

    def _guard(self, backbone, function, *arguments, **options):
        """Call a function that may download; explain it if that fails."""
        try:
            return function(*arguments, **options)
        except (ImportError, ValueError, TypeError, WeightsNotFoundError):
            raise
        except Exception as error:
            raise _explain(error, backbone, self.slug(backbone)) from error


def _check_size(model, input_shape, name):
    """Raise an error if a model is for images of another size than was asked for."""
    height, width = model.inputs[0].shape[1:3]
    if (height, width) != tuple(input_shape[:2]):
        raise ValueError(
            f"{name} is for images of {height} x {width} pixels only, and {input_shape[0]} x "
            f"{input_shape[1]} were asked for. Pass image_size=None."
        )


@lru_cache(maxsize=32)
def _read_preset(preset, stamp):
    """Return the facts of a preset; `stamp` changes when a folder's files are written again."""
    return read_preset(preset)


def _stamp(backbone):
    """Return the times of the last changes of a folder's files; empty for other presets."""
    if not presets.is_folder(backbone) or presets.is_name(backbone):
        return ()
    stats = {file: os.stat(file) for file in presets.folder_files(backbone)}
    return tuple((file, each.st_mtime_ns, each.st_size) for file, each in stats.items())


def _explain(error, backbone, slug):
    """Return an error that explains how to get a preset that could not be loaded."""
    text = short_text(error, 200) or type(error).__name__
    if not presets.is_remote(backbone) and not presets.is_name(backbone):
        folder = str(Path(backbone).expanduser())
        if isinstance(error, FileNotFoundError):
            return with_remedies(
                WeightsNotFoundError,
                f"The preset in the folder {folder!r} has no weights: {text}",
                {"random weights": "Pass weights=None for random ones."},
            )
        return ValueError(f"The preset in the folder {folder!r} can't be loaded: {text}")
    code = (
        "import keras_hub; "
        f"keras_hub.models.Backbone.from_preset({backbone!r}).save_to_preset({slug!r}); "
        f"keras_hub.layers.ImageConverter.from_preset({backbone!r}).save_to_preset({slug!r})"
    )
    return with_remedies(
        WeightsNotFoundError,
        f"The preset {backbone!r} is not in the cache on this machine and could not be "
        f"downloaded ({text}).",
        {
            "fetch preset": "On a machine with a network connection, run this Python code: "
            f"{code}. Copy the folder {slug!r} to this machine and pass its path, such as "
            f"backbone='./{slug}'."
        },
    )
