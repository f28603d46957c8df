"""The families of backbones, and the search for the family of a backbone."""

import difflib

from skfusion.networks.backbones._applications import ApplicationsFamily
from skfusion.networks.backbones._custom import CustomFamily
from skfusion.networks.backbones._deep_cnn import DeepCNNFamily
from skfusion.networks.backbones._hub_presets import is_installed, looks_like_name
from skfusion.networks.backbones._keras_hub import KerasHubFamily
from skfusion.networks.backbones._onnx import OnnxFamily
from skfusion.networks.backbones._small_cnn import SmallCNNFamily

# The first family that claims a backbone builds it, so that the most general comes last.
BACKBONE_FAMILIES = (
    SmallCNNFamily(),
    DeepCNNFamily(),
    ApplicationsFamily(),
    OnnxFamily(),
    KerasHubFamily(),
    CustomFamily(),
)


def find_family(backbone):
    """Return the BackboneFamily of a backbone.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP`.

    Returns
    -------
    family : BackboneFamily
        The first that claims it.

    Raises
    ------
    ValueError
        If no family claims it; the message suggests the nearest names.
    """
    for family in BACKBONE_FAMILIES:
        if family.claims(backbone):
            return family
    raise ValueError(_unknown(backbone))


def _unknown(backbone):
    """Return the message for a backbone that no family claims."""
    names, hint = listed_names(), ""
    if looks_like_name(backbone):
        if is_installed():
            names += listed_names("keras_hub")
        else:
            hint = " Presets of KerasHub need the extra: pip install 'skfusion[hub]'."
    slugs = {name.lower(): name for name in names}
    nearest = difflib.get_close_matches(str(backbone).lower(), slugs, n=3, cutoff=0.5)
    if not nearest:
        return f"Unknown backbone {backbone!r}; see skfusion.list_backbones().{hint}"
    return (
        f"Unknown backbone {backbone!r}; did you mean "
        f"{', '.join(repr(slugs[slug]) for slug in nearest)}? All names: "
        f"skfusion.list_backbones().{hint}"
    )


def listed_names(family=None):
    """Return the names of one family's backbones, or of all families that need no extra."""
    by_name = {each.name: each for each in BACKBONE_FAMILIES}
    if family is None:
        families = [each for each in BACKBONE_FAMILIES if each.extra is None]
    elif family in by_name:
        families = [by_name[family]]
    else:
        raise ValueError(
            f"Unknown family of backbones {family!r}. The families are: {', '.join(by_name)}."
        )
    names = [name for each in families for name in each.list_names()]
    return sorted(names, key=str.lower)


def find_spec(backbone):
    """Return the BackboneSpec of a backbone; None for a user's own function or model file."""
    return find_family(backbone).find_spec(backbone)


def find_preprocessing(backbone):
    """Return the backbone's own ImagePreprocessing; users' own Keras models get 0..255."""
    return find_family(backbone).find_preprocessing(backbone)


def check_trainable(backbone):
    """Raise ValueError if a backbone can be computed, but not trained."""
    family = find_family(backbone)
    if not family.is_trainable:
        raise ValueError(
            f"CNNEmbedder can't train {backbone!s}: networks of the family {family.name!r} can "
            "only be computed. Pass it to PretrainedGAP, or train a backbone of "
            "skfusion.list_backbones()."
        )


def backbone_slug(backbone):
    """Return the backbone's name in feature names."""
    return find_family(backbone).slug(backbone)


def holds_weights(backbone):
    """Return whether a backbone has trained weights even if `weights` is None."""
    return find_family(backbone).holds_weights(backbone)
