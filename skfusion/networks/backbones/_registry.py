"""The table of backbones: one frozen BackboneSpec for each network that has a name."""

import difflib
from dataclasses import dataclass
from typing import Any

_APACHE = "Apache-2.0"


@dataclass(frozen=True)
class BackboneSpec:
    """What there is to know about a backbone without building it.

    Parameters
    ----------
    name : str
        The name that users write, and the constructor's name in `keras.applications`.

    module : str
        The module of `keras.applications` that holds its `preprocess_input`; empty for networks
        of ours, whose pixels are divided by 255.

    image_size : tuple (height, width) or None
        The size that its ImageNet weights were trained on; None takes any.

    n_features : int
        Channels of the last feature layer with default options.

    license : str or None
        The license of the ImageNet weights; None where there are no such weights.

    min_size : int
        The smallest height and width that it takes.

    Examples
    --------
    >>> from skfusion.networks.backbones._registry import find_backbone
    >>> spec = find_backbone("ResNet50")
    >>> spec.image_size, spec.n_features, spec.license
    ((224, 224), 2048, 'MIT')
    """

    name: str
    module: str
    image_size: tuple[Any, ...] | None
    n_features: int
    license: str | None = _APACHE
    min_size: int = 32

    @property
    def slug(self):
        """The name in lower case, as in feature names."""
        return self.name.lower()


def _square(name, module, side, n_features, license=_APACHE, min_size=32):
    return BackboneSpec(name, module, (side, side), n_features, license, min_size)


_EFFICIENT_SIDES = (224, 240, 260, 300, 380, 456, 528, 600)
_EFFICIENT_WIDTHS = (1280, 1280, 1408, 1536, 1792, 2048, 2304, 2560)

_SPECS = (
    BackboneSpec("small_cnn", "", None, 256, None, min_size=10),
    BackboneSpec("deep_cnn", "", None, 128, None, min_size=4),
    *(
        _square(f"ConvNeXt{size}", "convnext", 224, width, "MIT")
        for size, width in zip(
            ("Tiny", "Small", "Base", "Large", "XLarge"), (768, 768, 1024, 1536, 2048), strict=True
        )
    ),
    *(
        _square(f"DenseNet{depth}", "densenet", 224, width, "BSD-3-Clause")
        for depth, width in ((121, 1024), (169, 1664), (201, 1920))
    ),
    *(
        _square(f"EfficientNetB{i}", "efficientnet", side, width)
        for i, (side, width) in enumerate(zip(_EFFICIENT_SIDES, _EFFICIENT_WIDTHS, strict=True))
    ),
    *(
        _square(f"EfficientNetV2{size}", "efficientnet_v2", side, width)
        for size, side, width in (
            ("B0", 224, 1280),
            ("B1", 240, 1280),
            ("B2", 260, 1408),
            ("B3", 300, 1536),
            ("S", 384, 1280),
            ("M", 480, 1280),
            ("L", 480, 1280),
        )
    ),
    _square("InceptionResNetV2", "inception_resnet_v2", 299, 1536, min_size=75),
    _square("InceptionV3", "inception_v3", 299, 2048, min_size=75),
    _square("MobileNet", "mobilenet", 224, 1024),
    _square("MobileNetV2", "mobilenet_v2", 224, 1280),
    _square("MobileNetV3Large", "mobilenet_v3", 224, 960),
    _square("MobileNetV3Small", "mobilenet_v3", 224, 576),
    _square("NASNetLarge", "nasnet", 331, 4032),
    _square("NASNetMobile", "nasnet", 224, 1056),
    *(_square(f"ResNet{depth}", "resnet", 224, 2048, "MIT") for depth in (50, 101, 152)),
    *(_square(f"ResNet{depth}V2", "resnet_v2", 224, 2048) for depth in (50, 101, 152)),
    _square("VGG16", "vgg16", 224, 512, "CC-BY-4.0"),
    _square("VGG19", "vgg19", 224, 512, "CC-BY-4.0"),
    _square("Xception", "xception", 299, 2048, "MIT", min_size=71),
)

BACKBONES = {spec.name: spec for spec in sorted(_SPECS, key=lambda spec: spec.name.lower())}


def list_backbones() -> list[str]:
    """List the names that a `backbone` parameter takes.

    Returns
    -------
    names : list of str
        Every network of `keras.applications` that gives feature maps, and our own
        "small_cnn" and "deep_cnn".

    See Also
    --------
    list_cut_layers : The layers of one of them.

    Examples
    --------
    >>> from skfusion import list_backbones
    >>> "ResNet50" in list_backbones()
    True
    """
    return list(BACKBONES)


def find_backbone(name):
    """The BackboneSpec of a name; ValueError gives the nearest names."""
    if name in BACKBONES:
        return BACKBONES[name]
    by_slug = {known.lower(): known for known in BACKBONES}
    near = difflib.get_close_matches(str(name).lower(), by_slug, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(repr(by_slug[slug]) for slug in near)}?" if near else ""
    raise ValueError(
        f"Unknown backbone {name!r}; {hint or 'see skfusion.list_backbones()'}"
        f"{' All names: skfusion.list_backbones().' if hint else '.'}"
    )
