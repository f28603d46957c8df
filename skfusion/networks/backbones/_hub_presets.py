"""The presets of KerasHub: their names, and where a user's preset is."""

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from skfusion.networks.runtimes._keras_hub import import_keras_hub

SCHEMES = ("hf", "kaggle", "modelscope")
# Backbones with an image converter whose output doesn't describe one image: they read text or
# several frames as well, or end in detections or maps of another task.
_OTHER_TASKS = (
    "BASNetBackbone",
    "BLIP2Backbone",
    "DFineBackbone",
    "DepthAnythingBackbone",
    "Gemma3Backbone",
    "Gemma3nBackbone",
    "Gemma4Backbone",
    "PARSeqBackbone",
    "PaliGemmaBackbone",
    "Qwen3_5Backbone",
    "Qwen3_5MoeBackbone",
    "SAM3PromptableConceptBackbone",
    "T5Gemma2Backbone",
    "VideoPrismBackbone",
)
# The files of a preset folder that hold its configuration and weights.
_SUFFIXES = (".json", ".h5", ".safetensors")


def is_installed():
    """Return whether KerasHub is installed, without importing it."""
    try:
        return find_spec("keras_hub") is not None
    except (ImportError, ValueError):
        return False


def image_converters():
    """Return KerasHub's image converters of image backbones, by the class of the backbone."""
    layers = import_keras_hub("Presets of KerasHub were asked for").layers
    classes = [each for each in vars(layers).values() if isinstance(each, type)]
    converters = [each for each in classes if issubclass(each, layers.ImageConverter)]
    return {
        each.backbone_cls: each
        for each in converters
        if each.backbone_cls is not None and each.backbone_cls.__name__ not in _OTHER_TASKS
    }


@lru_cache(maxsize=1)
def image_presets():
    """Return the names of the presets of image backbones, with the place of each, as a dict."""
    return {
        name: facts["kaggle_handle"]
        for backbone_class in image_converters()
        for name, facts in backbone_class.presets.items()
    }


@lru_cache(maxsize=1)
def all_presets():
    """Return the names of all presets of backbones, those of text included."""
    keras_hub = import_keras_hub("Presets of KerasHub were asked for")
    return frozenset(keras_hub.models.Backbone.presets)


def is_remote(backbone):
    """Return whether a backbone is an address, such as "hf://google/vit-base-patch16-224"."""
    return isinstance(backbone, str) and backbone.partition("://")[0] in SCHEMES


def looks_like_name(backbone):
    """Return whether a backbone may be the name of a preset: those are lower case words."""
    is_word = isinstance(backbone, str) and backbone.replace("_", "").replace(".", "").isalnum()
    return is_word and backbone == backbone.lower() and "_" in backbone


def is_name(backbone):
    """Return whether a backbone is the name of a preset that the installed KerasHub has."""
    return looks_like_name(backbone) and is_installed() and backbone in all_presets()


def is_folder(backbone):
    """Return whether a backbone is a folder."""
    if not isinstance(backbone, (str, os.PathLike)) or not os.fspath(backbone):
        return False
    return os.path.isdir(os.path.expanduser(backbone))


def preset_of(backbone):
    """Return what KerasHub calls a backbone: a name, an address or the path of a folder."""
    if is_remote(backbone) or is_name(backbone):
        return backbone
    return str(Path(backbone).expanduser().absolute())


def folder_files(backbone):
    """Return the files of a preset folder that its network depends on."""
    folder = Path(backbone).expanduser().absolute()
    return sorted(str(file) for file in folder.iterdir() if file.suffix in _SUFFIXES)


def slug_of(backbone):
    """Return the backbone's name in feature names: that of the preset, model or folder."""
    if is_remote(backbone):
        parts = backbone.partition("://")[2].strip("/").split("/")
        # kaggle://owner/model/keras/variant/version
        return parts[3 if backbone.startswith("kaggle://") and len(parts) > 3 else -1].lower()
    return Path(backbone).expanduser().absolute().name.lower()
