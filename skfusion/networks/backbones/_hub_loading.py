"""Loading of presets through KerasHub: the facts in their files, and the Keras model."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skfusion.networks.backbones._hub_preprocessing import converter_preprocessing
from skfusion.networks.backbones._hub_presets import all_presets, image_converters, image_presets
from skfusion.networks.backbones._weights_files import short_text
from skfusion.networks.onnx._processor_config import read_preprocessing
from skfusion.networks.runtimes._keras import import_keras
from skfusion.networks.runtimes._keras_hub import import_keras_hub

_DEFAULT_SIZE = (224, 224)
_CONFIG = "config.json"


@dataclass(frozen=True)
class HubPreset:
    """Describe a preset of KerasHub, as its own files do.

    Parameters
    ----------
    preset : str
        What KerasHub calls it: a name, an address or a folder.

    backbone_class : type
        The class of the backbone.

    preprocessing : ImagePreprocessing or None
        What its image converter does; None if it has none.

    image_size : tuple (height, width)
        The size of its images.

    revision : str
        The version of the files on this machine.
    """

    preset: str
    backbone_class: type
    preprocessing: Any
    image_size: tuple[int, int]
    revision: str


def read_preset(preset):
    """Read the configuration of a preset, without its weights.

    Parameters
    ----------
    preset : str
        A name, an address or a folder.

    Returns
    -------
    facts : HubPreset
        The facts in its files.

    Raises
    ------
    ValueError
        If it is not a preset of an image backbone.
    """
    _check_folder(preset)
    import_keras_hub(f"The backbone {preset!r} is a preset of KerasHub")
    from keras_hub.src.utils.preset_utils import get_file, get_preset_loader

    _refuse_other_names(preset)
    config_file = get_file(preset, _CONFIG)  # may be downloaded now
    try:
        loader = get_preset_loader(preset)
        backbone_class = loader.check_backbone_class()
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"{preset!r} is not a preset that KerasHub reads: {short_text(error, 250)} Models of "
            "other kinds can be exported to ONNX; then pass the .onnx file."
        ) from error
    preprocessing = _read_preprocessing(loader, backbone_class, preset)
    size = preprocessing.size if preprocessing is not None else None
    return HubPreset(
        preset,
        backbone_class,
        preprocessing,
        size or _configured_size(loader.config) or _DEFAULT_SIZE,
        Path(config_file).parent.name,
    )


def _refuse_other_names(preset):
    """Raise an error for the name of a preset that is not one of images, before a download."""
    if preset in all_presets() and preset not in image_presets():
        raise ValueError(
            f"The preset {preset!r} of KerasHub is not an image backbone. Image backbones are: "
            "skfusion.list_backbones(family='keras_hub')."
        )


def _check_folder(preset):
    folder = Path(preset)
    if not folder.is_dir() or (folder / _CONFIG).is_file():
        return
    raise ValueError(
        f"The folder {preset!r} has no {_CONFIG}. Pass the folder of a preset of KerasHub, or of "
        "a model of transformers or timm, which have one."
    )


def _read_preprocessing(loader, backbone_class, preset):
    """Return what the preset's image converter does; None if it has none."""
    if backbone_class is import_keras().Model:
        return None
    converter_class = image_converters().get(backbone_class)
    if converter_class is None:
        raise ValueError(
            f"{preset!r} is a preset of {backbone_class.__name__}, which is not an image backbone."
        )
    try:
        converter = loader.load_image_converter(converter_class)
    except FileNotFoundError:
        converter = None
    if converter is not None:
        return converter_preprocessing(converter, preset)
    return _read_processor(preset)


def _read_processor(preset):
    """Return what the image processor of transformers does, where KerasHub doesn't read it."""
    from keras_hub.src.utils.preset_utils import get_file

    try:
        file = get_file(preset, "preprocessor_config.json")
    except FileNotFoundError:
        return None
    return read_preprocessing(Path(file), (None, None))


def _configured_size(config):
    """Return the size of images in a configuration of KerasHub, transformers or timm."""
    inner = config.get("config", {})
    for name in ("vision_encoder", "image_encoder"):
        inner = inner.get(name, {}).get("config", {}) or inner
    shape = inner.get("image_shape") or (None, None, 3)
    side = config.get("image_size")
    if side is not None:
        shape = side if isinstance(side, (list, tuple)) else (side, side)
    cut = (config.get("pretrained_cfg") or {}).get("input_size")
    if cut is not None:
        shape = cut[1:]
    height, width = shape[:2]
    return None if height is None or width is None else (int(height), int(width))


def load_backbone(facts, name, input_shape, options, *, pretrained):
    """Load a preset as KerasHub's model.

    Parameters
    ----------
    facts : HubPreset
        From `read_preset`.

    name : str
        The preset's name in messages.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    options : dict
        Further arguments of the backbone's constructor.

    pretrained : bool
        Whether to load its weights; else they are random.

    Returns
    -------
    backbone : keras_hub.models.Backbone
        The model, in float32.
    """
    from keras_hub.src.utils.preset_utils import get_preset_loader

    arguments = {"dtype": "float32", **options}
    parameters = inspect.signature(facts.backbone_class.__init__).parameters
    for argument in ("image_shape", "input_shape"):
        if argument in parameters:
            arguments[argument] = tuple(input_shape)
    try:
        return get_preset_loader(facts.preset).load_backbone(
            facts.backbone_class, pretrained, **arguments
        )
    except (ValueError, TypeError, KeyError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(_problem(error, facts, name, input_shape, options)) from error


def _problem(error, facts, name, input_shape, options):
    """Return why a preset can't be built, with what was asked for."""
    with_options = f" with backbone_options={options}" if options else ""
    size = tuple(input_shape[:2])
    text = f"{name}{with_options} can't be built: {short_text(error, 250)}"
    if size == tuple(facts.image_size):
        return text
    height, width = facts.image_size
    return (
        f"{text} Its images have {height} x {width} pixels, and {size[0]} x {size[1]} were asked "
        "for; pass image_size=None."
    )
