"""The preprocessing that configuration files of transformers and timm declare."""

import json
from pathlib import Path

from skfusion.networks._image_preprocessing import ImagePreprocessing

# The numbers of Pillow's interpolations, as transformers writes them.
_RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box"}
# Steps of image processors that `ImagePreprocessing` doesn't have.
_OTHER_STEPS = ("do_pad", "do_thumbnail", "do_align_long_axis", "do_split_image", "rescale_offset")
_LARGE_CONVNEXT = 384


def read_preprocessing(path, size):
    """Read how images are preprocessed from the file beside a model.

    Parameters
    ----------
    path : Path
        The model. ``preprocessor_config.json`` (transformers) is looked for in its folder, then
        ``config.json`` (timm). For a model in a folder named "onnx", the folder above it is next.

    size : tuple of (int or None)
        Height and width of the images that the model takes; None where it takes any.

    Returns
    -------
    preprocessing : ImagePreprocessing or None
        None if there is no such file.

    Raises
    ------
    ValueError
        If a file declares steps that `ImagePreprocessing` doesn't have.
    """
    folders = [path.parent, *([path.parent.parent] if path.parent.name == "onnx" else [])]
    for folder in folders:
        for name in ("preprocessor_config.json", "config.json"):
            config = _read(folder / name)
            if config is None:
                continue
            try:
                if "pretrained_cfg" in config:
                    return _of_timm(config["pretrained_cfg"], size)
                if name == "preprocessor_config.json":
                    return _of_transformers(config)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                reason = f"it has no {error}" if isinstance(error, KeyError) else error
                raise ValueError(
                    f"The preprocessing can't be read from {str(folder / name)!r}: {reason}. Pass "
                    "preprocessing=ImagePreprocessing(...) with the values of the model card."
                ) from error
    return None


def _read(file):
    """Return the content of a JSON file; None if there is none, or no object in it."""
    if not file.is_file():
        return None
    try:
        config = json.loads(Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(file)!r} is not a JSON file: {error}") from error
    if not isinstance(config, dict):
        return None
    return {key: value for key, value in config.items() if value is not None}


def _of_timm(config, size):
    """Return the preprocessing that timm uses for evaluation."""
    side, crop = tuple(config["input_size"][1:]), config["crop_pct"]
    test_side = tuple(config.get("test_input_size") or side)[-2:]
    if size not in (side, (None, None)) and tuple(size) == test_side:
        side, crop = test_side, config.get("test_crop_pct") or crop  # exported at its larger size
    mode = config.get("crop_mode", "center")
    if mode not in ("center", "squash") or (mode == "squash" and crop != 1):
        raise ValueError(f"crop_mode={mode!r} with crop_pct={crop} is not supported")
    return ImagePreprocessing(
        side,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        resize="crop" if mode == "center" else "stretch",
        crop_fraction=crop if mode == "center" else 1.0,
        resample=config["interpolation"],
    )


def _of_transformers(config):
    """Return the preprocessing of an image processor of transformers."""
    steps = [name for name in _OTHER_STEPS if config.get(name)]
    if steps:
        raise ValueError(f"the step {steps[0]!r} is not supported")
    if not config.get("do_resize", True):
        raise ValueError("its images are not resized to one size")
    size, resize, crop_fraction = _sizes(config)
    normalizes = config.get("do_normalize", True)
    return ImagePreprocessing(
        size,
        scale=config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0,
        mean=tuple(config["image_mean"]) if normalizes else 0.0,
        std=tuple(config["image_std"]) if normalizes else 1.0,
        channels="bgr" if config.get("do_flip_channel_order") else "rgb",
        resize=resize,
        crop_fraction=crop_fraction,
        resample=_RESAMPLE[config["resample"]],
    )


def _sizes(config):
    """Return size, `resize` and `crop_fraction`."""
    size, crops = config["size"], config.get("do_center_crop", False)
    if isinstance(size, int) and crops:
        # In old files: the shorter side or a square, as the class of the processor defined.
        raise ValueError(f"size={size} leaves open which side it is for")
    if isinstance(size, int):
        return (size, size), "stretch", 1.0
    size = {side: length for side, length in size.items() if length is not None}
    if set(size) == {"height", "width"}:
        whole = (size["height"], size["width"])
        if crops and _crop_size(config) != whole:
            raise ValueError("images are stretched to another size before they are cropped")
        return whole, "stretch", 1.0
    if set(size) != {"shortest_edge"}:
        raise ValueError(f"size={size} is not supported")
    shorter = size["shortest_edge"]
    if crops:
        height, width = _crop_size(config)
        if height != width or height > shorter:
            raise ValueError(f"a crop of {height} x {width} pixels is not supported")
        return (height, width), "crop", height / shorter
    if "crop_pct" not in config:
        raise ValueError("its images keep different shapes: there is no center crop")
    if shorter >= _LARGE_CONVNEXT:
        return (shorter, shorter), "stretch", 1.0
    return (shorter, shorter), "crop", config["crop_pct"]


def _crop_size(config):
    crop = config["crop_size"]
    return (crop, crop) if isinstance(crop, int) else (crop["height"], crop["width"])
