"""BackboneSpec: the facts about a backbone that are known before it is built."""

from dataclasses import dataclass
from typing import Any

from skfusion.networks._image_preprocessing import UNIT_SCALE, ImagePreprocessing


@dataclass(frozen=True)
class BackboneSpec:
    """Describe a backbone as plain data.

    Parameters
    ----------
    name : str
        The name that users write.

    image_size : tuple (height, width) or None
        The size that its pretrained weights were trained on; None takes any.

    n_features : int or None
        Channels of the last feature layer with default options; None if they aren't known.

    preprocessing : ImagePreprocessing or None, default=UNIT_SCALE
        How pixels are preprocessed; by default they are divided by 255. None if it isn't known or
        has to be read, by the family's `find_preprocessing`.

    license : str or None, default=None
        The license of the pretrained weights; None if there are no such weights.

    min_size : int, default=32
        The smallest height and width of an image.

    channels : int or None, default=None
        The number of channels of an image; None takes any.

    has_fixed_size : bool, default=False
        Whether images of `image_size` are the only ones that it takes.

    Examples
    --------
    >>> from skfusion.networks.backbones._registry import find_spec
    >>> spec = find_spec("ResNet50")
    >>> spec.image_size, spec.n_features, spec.license
    ((224, 224), 2048, 'MIT')
    """

    name: str
    image_size: tuple[Any, ...] | None
    n_features: int | None
    preprocessing: ImagePreprocessing | None = UNIT_SCALE
    license: str | None = None
    min_size: int = 32
    channels: int | None = None
    has_fixed_size: bool = False

    @property
    def slug(self):
        """str : The name in lower case, as in feature names."""
        return self.name.lower()
