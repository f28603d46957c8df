"""JointBackbone: the backbone of a joint network, split where its training begins."""

import math
from dataclasses import dataclass
from typing import Any

from skfusion.networks._joint_layers import pool_outputs
from skfusion.networks._network import Network
from skfusion.networks._split import find_first, split_below
from skfusion.networks._top import add_top

# Outputs of the frozen part are kept in memory up to this size.
_MOST_BYTES = 2**30
# In these, the places of feature maps, or tokens, are averaged before anything else.
_POOLED = ("concat", "gated")


@dataclass(frozen=True)
class JointBackbone:
    """The backbone of a joint network, split where its training begins.

    Parameters
    ----------
    bottom : Network or None
        The frozen part, which each image passes once; None if all layers are needed in training.

    upper : Network or None
        The part that is trained, with its frozen layers if there is no `bottom`; None if no layer
        is trained.

    first : str or None
        The first layer that is trained, in a second stage. None trains all layers from the start,
        or none.
    """

    bottom: Any = None
    upper: Any = None
    first: str | None = None

    @classmethod
    def split(cls, backbone, *, fine_tune, fusion, n_images, is_augmented):
        """Split a backbone.

        Parameters
        ----------
        backbone : Network
            The backbone.

        fine_tune : int, str or None
            As in `JointFusionClassifier`, without "auto" for a backbone without trained weights.

        fusion : str
            How image and table are combined, where both are there.

        n_images : int
            How many images there are, in all columns.

        is_augmented : bool
            Whether images differ from epoch to epoch.
        """
        if fine_tune == "all":
            return cls(upper=backbone)
        first = _find_first(backbone, fine_tune)
        if first is None:
            return cls(pool_outputs(backbone) if fusion in _POOLED else backbone)
        bottom, upper = None, None
        if not is_augmented:
            bottom, upper = split_below(backbone.to_model(), first)
        if bottom is None or 4 * n_images * math.prod(bottom.outputs[0].shape[1:]) > _MOST_BYTES:
            return cls(upper=backbone, first=first)
        return cls(
            Network.from_model(backbone.name, bottom, backbone.preprocessing),
            Network.from_model(f"{backbone.name}_upper", upper),
            first,
        )


def _find_first(backbone, fine_tune):
    """Return the first layer of the backbone that is trained, or None."""
    if fine_tune is None:
        return None
    if fine_tune == "lora":
        raise ValueError(
            "fine_tune='lora' is for CNNEmbedder. Pass a number of layers, 'auto' or 'all'."
        )
    topped = add_top(backbone, n_outputs=1, activation="linear")
    return find_first(topped.to_model(), fine_tune, topped.top, backbone.name)
