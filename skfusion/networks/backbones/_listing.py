"""list_backbones and list_cut_layers: the names that parameters of estimators take."""

from typing import Any, Literal, overload

from skfusion._utils.typing import Backbone, Size
from skfusion.networks.backbones._registry import find_family, listed_names

_CUSTOM_SIZE = (224, 224)


def list_backbones(family: str | None = None) -> list[str]:
    """List the names that a `backbone` parameter takes.

    Parameters
    ----------
    family : str or None, default=None
        The family to list: "applications" (the networks of `keras.applications`), "small_cnn" or
        "deep_cnn" (skfusion's own), or "keras_hub" (the presets of KerasHub, which needs the extra
        ``hub``). "onnx" and "custom", the families of files and functions, have no names. None
        lists all that need no extra.

    Returns
    -------
    names : list of str
        The names in alphabetical order.

    Raises
    ------
    ValueError
        If there is no such family.

    ExtraNotFoundError
        If the family needs an extra that isn't installed.

    See Also
    --------
    list_cut_layers : List the layers of a backbone.

    Examples
    --------
    >>> from skfusion import list_backbones
    >>> "ResNet50" in list_backbones()
    True
    >>> list_backbones(family="small_cnn")
    ['small_cnn']
    """
    return listed_names(family)


@overload
def list_cut_layers(
    backbone: Backbone,
    *,
    backbone_options: dict[str, Any] | None = ...,
    image_size: Size | None = ...,
    top: bool | None = ...,
    shapes: Literal[False] = ...,
) -> list[str]: ...


@overload
def list_cut_layers(
    backbone: Backbone,
    *,
    backbone_options: dict[str, Any] | None = ...,
    image_size: Size | None = ...,
    top: bool | None = ...,
    shapes: Literal[True],
) -> dict[str, tuple[int | None, ...]]: ...


def list_cut_layers(
    backbone: Backbone,
    *,
    backbone_options: dict[str, Any] | None = None,
    image_size: Size | None = None,
    top: bool | None = None,
    shapes: bool = False,
) -> list[str] | dict[str, tuple[int | None, ...]]:
    """List the layers at which a backbone can be cut.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP` and `CNNEmbedder`.

    backbone_options : dict or None, default=None
        Arguments of the backbone's constructor.

    image_size : tuple (height, width) or None, default=None
        The size of the images; None is the backbone's own.

    top : bool or None, default=None
        Whether to list the layers that `CNNEmbedder` adds on top (gap, dense and output, or
        output alone). None lists them for backbones without pretrained weights. ONNX files get no
        top.

    shapes : bool, default=False
        Whether to return the shapes, too.

    Returns
    -------
    names : list of str, or dict of str to tuple of (int or None)
        Layer names in the network's order; with `shapes`, and the shape of each layer's output for
        one image. The axes are those of the network: channels are the last axis for Keras, and
        usually the first in ONNX files. None is a size that depends on `image_size`.

    See Also
    --------
    list_backbones : List the names of backbones.

    Notes
    -----
    The layers of an ONNX file are its nodes whose values are a vector, a sequence of tokens or
    feature maps for each image, and depend on the image alone. A node without a name of its own is
    listed by the name of its tensor, and so are the outputs of the file. Nodes whose shape can't
    be inferred are not listed, but can be cut, too.

    Examples
    --------
    >>> from skfusion import list_cut_layers
    >>> list_cut_layers("small_cnn")
    ['conv1', 'pool1', 'conv2', 'pool2', 'flatten', 'dense', 'output']
    >>> list_cut_layers("small_cnn", shapes=True)["pool2"]
    (5, 5, 64)
    """
    family = find_family(backbone)
    spec = family.describe(backbone, backbone_options)
    if top is None:
        top = spec is not None and spec.license is None
    default_size = _CUSTOM_SIZE if spec is None else spec.image_size or family.listed_size
    layers = family.list_cut_layers(
        backbone,
        input_shape=(*(image_size or default_size), 3),
        options=dict(backbone_options or {}),
        top=top,
    )
    return layers if shapes else list(layers)
