"""The families of backbones, and the search for the family of a backbone."""

import difflib

from skfusion.networks._image_preprocessing import NO_PREPROCESSING
from skfusion.networks.backbones._applications import ApplicationsFamily
from skfusion.networks.backbones._custom import CustomFamily
from skfusion.networks.backbones._deep_cnn import DeepCNNFamily
from skfusion.networks.backbones._hub_presets import is_installed, looks_like_name
from skfusion.networks.backbones._keras_hub import KerasHubFamily
from skfusion.networks.backbones._small_cnn import SmallCNNFamily

# The first family that claims a backbone builds it, so that the most general comes last.
BACKBONE_FAMILIES = (
    SmallCNNFamily(),
    DeepCNNFamily(),
    ApplicationsFamily(),
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


def find_preprocessing(backbone, given=None):
    """Return how the images of a backbone are preprocessed.

    Parameters
    ----------
    backbone : str, PathLike or callable
        As in `PretrainedGAP`.

    given : ImagePreprocessing or None, default=None
        What the user passed; None takes the backbone's own.

    Returns
    -------
    preprocessing : ImagePreprocessing
        Users' own Keras models get pixels in 0..255.
    """
    if given is not None:
        return given
    spec = find_spec(backbone)
    if spec is None:
        return NO_PREPROCESSING
    if spec.preprocessing is None:
        raise ValueError(
            f"Nothing says how images are preprocessed for {spec.name}: its folder has no "
            "image_converter.json or preprocessor_config.json. Pass "
            "preprocessing=ImagePreprocessing(...) with the values of its model card."
        )
    return spec.preprocessing


def backbone_slug(backbone):
    """Return the backbone's name in feature names."""
    return find_family(backbone).slug(backbone)
