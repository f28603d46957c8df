"""The preprocessing that KerasHub's image converters do, as plain data."""

import numpy as np

from skfusion.networks._image_preprocessing import ImagePreprocessing

_RESAMPLE = {
    "nearest": "nearest",
    "bilinear": "bilinear",
    "bicubic": "bicubic",
    "lanczos3": "lanczos",
}


def converter_preprocessing(converter, name):
    """Return what an image converter does.

    A converter computes ``pixel * scale + offset``. It resizes without a filter against aliasing,
    which skfusion always uses, as the training of these networks did.

    Parameters
    ----------
    converter : keras_hub.layers.ImageConverter
        The converter of a preset.

    name : str
        The preset's name in messages.

    Returns
    -------
    preprocessing : ImagePreprocessing
        The same as plain data.

    Raises
    ------
    ValueError
        If the converter does what an `ImagePreprocessing` can't do.
    """
    _refuse_others(converter, name)
    scale = np.ravel(1.0 if converter.scale is None else converter.scale).astype(float)
    offset = np.ravel(0.0 if converter.offset is None else converter.offset).astype(float)
    facts = {
        "size": converter.image_size,
        "resize": "crop" if converter.crop_to_aspect_ratio else "stretch",
        "resample": _RESAMPLE[converter.interpolation],
    }
    if (scale == scale[0]).all():
        return ImagePreprocessing(scale=scale[0], mean=_each(-offset), **facts)
    std = 1 / (255 * scale)
    return ImagePreprocessing(mean=_each(-offset * std), std=_each(std), **facts)


def _each(values):
    """Return one number, or one for each channel."""
    return values.tolist()[0] if len(values) == 1 else tuple(values.tolist())


def _refuse_others(converter, name):
    """Raise an error if a converter does more than to resize, scale and shift."""
    base = next(c for c in type(converter).__mro__ if c.__name__ == "ImageConverter")
    reason = None
    if converter.pad_to_aspect_ratio:
        reason = "pads images to keep their proportions"
    elif type(converter).call is not base.call:
        reason = f"is a {type(converter).__name__}, which does more than to resize and scale"
    elif converter.interpolation not in _RESAMPLE:
        reason = f"resizes with the interpolation {converter.interpolation!r}"
    if reason is not None:
        raise ValueError(
            f"The image converter of {name} {reason}, which is not supported. Pass "
            "preprocessing=ImagePreprocessing(...) with values that are."
        )
