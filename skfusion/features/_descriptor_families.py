"""The families of descriptors by name."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skfusion.features._color import color_names, measure_color
from skfusion.features._first_order import intensity_names, measure_intensity
from skfusion.features._glcm import glcm_names, measure_glcm
from skfusion.features._gradients import hog_names, measure_hog
from skfusion.features._lbp import lbp_names, measure_lbp
from skfusion.features._runs_and_zones import (
    glrlm_names,
    glszm_names,
    measure_glrlm,
    measure_glszm,
)
from skfusion.features._shape import measure_shape, shape_names
from skfusion.features._wavelet import measure_wavelet, wavelet_names


class DescriptorFamily(NamedTuple):
    """Descriptors that are measured together.

    Parameters
    ----------
    names : callable
        From DescriptorOptions to the names of the values.

    measure : callable
        From a PreparedImage to its values, in the order of the names.
    """

    names: Callable[..., Any]
    measure: Callable[..., Any]


FAMILIES = {
    "intensity": DescriptorFamily(intensity_names, measure_intensity),
    "color": DescriptorFamily(color_names, measure_color),
    "hog": DescriptorFamily(hog_names, measure_hog),
    "lbp": DescriptorFamily(lbp_names, measure_lbp),
    "glcm": DescriptorFamily(glcm_names, measure_glcm),
    "glrlm": DescriptorFamily(glrlm_names, measure_glrlm),
    "glszm": DescriptorFamily(glszm_names, measure_glszm),
    "shape": DescriptorFamily(shape_names, measure_shape),
    "wavelet": DescriptorFamily(wavelet_names, measure_wavelet),
}


def check_descriptors(descriptors):
    """Return the families to measure as a tuple of distinct, known names."""
    names = (descriptors,) if isinstance(descriptors, str) else tuple(descriptors)
    valid = f"one or several of {list(FAMILIES)}"
    if not names:
        raise ValueError(f"descriptors is empty: name {valid}.")
    unknown = [name for name in names if not isinstance(name, str) or name not in FAMILIES]
    if unknown:
        raise ValueError(f"descriptors must be {valid}, got {unknown[0]!r}.")
    if len(set(names)) < len(names):
        raise ValueError(f"descriptors names a family twice: {descriptors!r}.")
    return names


def check_distances(distances):
    """Return distances as a tuple of distinct positive ints."""
    values = tuple(np.ravel(distances).tolist())
    whole = all(type(value) is int and value > 0 for value in values)
    if not values or not whole or len(set(values)) < len(values):
        raise ValueError(
            f"distances must be one or several different positive integers, got {distances!r}."
        )
    return values
