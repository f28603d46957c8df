"""ImagePreprocessing: how pixel values become the inputs of a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.images._image_size import check_size_param
from skfusion.images._pixels import RESAMPLING

_CHANNELS = ("rgb", "bgr")
_RESIZE = ("stretch", "crop")


@plain_data
@dataclass(frozen=True)
class ImagePreprocessing:
    """Describe how images become the inputs of a network.

    A network gives the features that it was trained for only if its images are prepared as they
    were in training. Networks of `list_backbones` have their own preprocessing. Pass an
    `ImagePreprocessing` to `PretrainedGAP` for a network from elsewhere, such as an ONNX file,
    whose model card names these values.

    An image is resized, its channels are ordered, and each value becomes
    ``(pixel * scale - mean) / std``, where pixels are in 0..255.

    Parameters
    ----------
    size : int, tuple (height, width) or None, default=None
        The size of the network's input, in pixels; one number is a square. None takes the size
        that the network was built for. `image_size` of the estimator replaces it.

    scale : float, default=1/255
        The factor for pixel values.

    mean : float or tuple of 3 float, default=(0, 0, 0)
        The values to subtract after scaling: one for each channel, or one for all. They are in
        the range of scaled pixels: ``0..255 * scale``.

    std : float or tuple of 3 float, default=(1, 1, 1)
        The values to divide by, which are positive: one for each channel, or one for all.

    channels : {"rgb", "bgr"}, default="rgb"
        The order of channels that the network expects. With "bgr", `mean` and `std` are in the
        order blue, green, red, too.

    resize : {"stretch", "crop"}, default="stretch"
        How images of another shape are resized. "stretch" resizes height and width to `size`
        and changes the proportions. "crop" keeps them: the shorter side is resized, and the center
        is cut out, as the image processors of timm and transformers do.

    crop_fraction : float, default=1.0
        With ``resize="crop"``, the part of the shorter side that the crop keeps: the shorter side
        is resized to ``size / crop_fraction`` pixels, rounded down. In (0, 1]; timm names it
        ``crop_pct``.

    resample : {"nearest", "box", "bilinear", "bicubic", "lanczos"} or None, default=None
        The interpolation; None takes that of the reader, which is "bilinear" by default.

    Raises
    ------
    ValueError
        If a value is not one of these, or if `mean` and `scale` don't fit.

    See Also
    --------
    PretrainedGAP : Takes it as the parameter `preprocessing`.

    Notes
    -----
    Resizing and cropping follow ``torchvision.transforms``: ``Resize`` to one number, then
    ``CenterCrop``.

    Examples
    --------
    >>> from skfusion import ImagePreprocessing
    >>> clip = ImagePreprocessing(
    ...     size=224,
    ...     mean=(0.48145466, 0.4578275, 0.40821073),
    ...     std=(0.26862954, 0.26130258, 0.27577711),
    ...     resize="crop",
    ...     resample="bicubic",
    ... )
    >>> clip.size
    (224, 224)
    >>> ImagePreprocessing(mean=0.5, std=0.5).apply([[[[0, 255, 255]]]])
    array([[[[-1.,  1.,  1.]]]], dtype=float32)
    """

    size: int | tuple[int, int] | None = None
    scale: float = 1 / 255
    mean: float | Sequence[float] = (0.0, 0.0, 0.0)
    std: float | Sequence[float] = (1.0, 1.0, 1.0)
    channels: str = "rgb"
    resize: str = "stretch"
    crop_fraction: float = 1.0
    resample: str | None = None

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "size": None if self.size is None else check_size_param(self.size, "size"),
            "scale": _check_number("scale", self.scale),
            "mean": _check_channels("mean", self.mean),
            "std": _check_channels("std", self.std),
            "crop_fraction": _check_number("crop_fraction", self.crop_fraction),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if min(checked["std"]) <= 0:
            raise ValueError(f"std must be positive. Got {self.std!r} instead.")
        if not 0 < self.crop_fraction <= 1:
            raise ValueError(
                f"crop_fraction must be in (0, 1]. Got {self.crop_fraction!r} instead."
            )
        _check_mean(checked["mean"], checked["scale"])
        _check_option("channels", self.channels, _CHANNELS)
        _check_option("resize", self.resize, _RESIZE)
        _check_option("resample", self.resample, (*RESAMPLING, None))

    def apply(self, pixels: Any) -> np.ndarray:
        """Order the channels, and scale and shift the values; images keep their size.

        Parameters
        ----------
        pixels : array-like of shape (n, height, width, channels)
            Values in 0..255. The array isn't changed.

        Returns
        -------
        inputs : ndarray of float32, shape (n, height, width, channels)
            The inputs of the network.
        """
        if self.channels == "bgr":
            pixels = np.asarray(pixels)[..., ::-1]
        inputs = np.array(pixels, dtype=np.float32, order="C")
        mean, std = (self._values(name, inputs.shape[-1]) for name in ("mean", "std"))
        if self.scale != 1:
            inputs *= np.float32(self.scale)
        if (mean != 0).any():
            inputs -= mean
        if (std != 1).any():
            inputs /= std
        return inputs

    def _values(self, name, n_channels):
        """Return the mean or std of each channel; equal values fit any number of channels."""
        values: Any = getattr(self, name)
        if len(set(values)) == 1:
            return np.float32(values[:1])
        if n_channels != len(values):
            raise ValueError(
                f"The preprocessing has {name}={values} for {len(values)} channels, and the "
                f"network's images have {n_channels}. Pass one number."
            )
        return np.float32(values)


def _check_number(name, value):
    """Return a finite number as a float."""
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
        raise ValueError(f"{name} must be a finite number. Got {value!r} instead.")
    return float(value)


def _check_channels(name, value):
    """Return three floats; one number is repeated."""
    values = [value] * 3 if isinstance(value, (Real, Integral)) else list(np.ravel(value).tolist())
    if len(values) != 3:
        raise ValueError(
            f"{name} must be one number or three, one for each channel. Got {len(values)}: "
            f"{value!r}."
        )
    return tuple(_check_number(name, number) for number in values)


def _check_mean(mean, scale):
    """Raise ValueError for means of other pixel values than the scaled ones."""
    low, high = sorted([0.0, 255 * scale])
    if not low - 1e-6 <= min(mean) <= max(mean) <= high + 1e-6:
        raise ValueError(
            f"mean={mean} is not in the range of scaled pixels, {low:.6g}..{high:.6g} with "
            f"scale={scale:.6g}. Means of pixels in 0..255 need scale=1, and those of pixels in "
            "0..1 need scale=1/255."
        )


def _check_option(name, value, options):
    if value not in options:
        allowed = ", ".join(map(repr, options))
        raise ValueError(f"{name} must be one of {allowed}. Got {value!r} instead.")


# Divides by 255.
UNIT_SCALE = ImagePreprocessing()
# For networks that take pixel values in 0..255 as they are.
NO_PREPROCESSING = ImagePreprocessing(scale=1.0)
