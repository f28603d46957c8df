"""find_input: the shape and the preprocessing of the images of a backbone."""

from skfusion.images._image_size import check_size_param
from skfusion.networks.backbones._registry import find_family


def find_input(backbone, *, options=None, image_size=None, preprocessing=None):
    """Find the shape and the preprocessing of a backbone's images.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP`.

    options : dict or None, default=None
        Arguments of the backbone's constructor.

    image_size : tuple (height, width) or None, default=None
        The size that the user passed.

    preprocessing : ImagePreprocessing or None, default=None
        The preprocessing that the user passed; None takes the backbone's own.

    Returns
    -------
    shape : tuple (height, width, channels)
        The size is `image_size`, or else that of the preprocessing, or else the backbone's own.

    preprocessing : ImagePreprocessing
        The preprocessing.
    """
    family = find_family(backbone)
    spec = family.describe(backbone, options)
    if preprocessing is None:
        preprocessing = family.find_preprocessing(backbone, options)
    own_size = None if spec is None else spec.image_size
    size = image_size or preprocessing.size or own_size or family.default_size
    if size is None:
        raise ValueError(
            f"{backbone!s} takes images of any size. Pass the image_size that it was trained on."
        )
    size = check_size_param(size)
    if spec is not None and spec.has_fixed_size and size != tuple(own_size):
        raise ValueError(
            f"{backbone!s} takes images of {own_size[0]} x {own_size[1]} pixels only, and "
            f"{'image_size' if image_size else 'its preprocessing'} is {size[0]} x {size[1]}. Pass "
            f"image_size={tuple(own_size)}, or a file for images of any size."
        )
    channels = 3 if spec is None else spec.channels or 3
    return (*size, channels), preprocessing
