"""Values that the Image Biomarker Standardization Initiative publishes for its digital phantom.

The phantom has four slices of 4 x 5 pixels. Textures are compared with the consensus values for
"2D, averaged", first-order statistics with those of the whole phantom (reference manual,
arXiv:1612.07003, chapters 3 and 5). They are published with three digits. "." is outside the region
of interest.
"""

import numpy as np
import pandas as pd
import pytest

from skfusion import ImageDescriptors

PHANTOM = """
14411 14611 41641 44641
14411 11611 .1311 44611
144.. 11111 11.11 11611
144.. 11111 11111 11611
"""

FIRST_ORDER = {
    "mean": 2.15,
    "variance": 3.05,
    "skewness": 1.08,
    "kurtosis": -0.355,
    "median": 1,
    "minimum": 1,
    "p10": 1,
    "p90": 4,
    "maximum": 6,
    "interquartile_range": 3,
    "range": 5,
    "mean_absolute_deviation": 1.55,
    "robust_mean_absolute_deviation": 1.11,
    "median_absolute_deviation": 1.15,
    "coefficient_of_variation": 0.812,
    "quartile_coefficient_of_dispersion": 0.6,
    "energy": 567,
    "root_mean_square": 2.77,
    "entropy": 1.27,
    "uniformity": 0.512,
}
GLCM = {
    "joint_maximum": 0.519,
    "joint_average": 2.14,
    "joint_variance": 2.69,
    "joint_entropy": 2.05,
    "difference_variance": 2.90,
    "difference_entropy": 1.40,
    "sum_entropy": 1.60,
    "angular_second_moment": 0.368,
    "contrast": 5.28,
    "dissimilarity": 1.42,
    "inverse_difference": 0.678,
    "normalized_inverse_difference": 0.851,
    "inverse_difference_moment": 0.619,
    "normalized_inverse_difference_moment": 0.899,
    "inverse_variance": 0.0567,
    "correlation": -0.0121,
    "autocorrelation": 5.09,
    "cluster_tendency": 5.47,
    "cluster_shade": 7.00,
    "cluster_prominence": 79.1,
    "information_correlation_1": -0.155,
    "information_correlation_2": 0.487,
}
GLRLM = {
    "short_run_emphasis": 0.641,
    "long_run_emphasis": 3.78,
    "low_gray_level_run_emphasis": 0.604,
    "high_gray_level_run_emphasis": 9.82,
    "short_run_low_gray_level_emphasis": 0.294,
    "short_run_high_gray_level_emphasis": 8.57,
    "long_run_low_gray_level_emphasis": 3.14,
    "long_run_high_gray_level_emphasis": 17.4,
    "gray_level_non_uniformity": 5.20,
    "normalized_gray_level_non_uniformity": 0.460,
    "run_length_non_uniformity": 6.12,
    "normalized_run_length_non_uniformity": 0.492,
    "run_percentage": 0.627,
    "gray_level_variance": 3.35,
    "run_length_variance": 0.761,
    "run_entropy": 2.17,
}
GLSZM = {
    "small_zone_emphasis": 0.363,
    "large_zone_emphasis": 43.9,
    "low_gray_level_zone_emphasis": 0.371,
    "high_gray_level_zone_emphasis": 16.4,
    "small_zone_low_gray_level_emphasis": 0.0259,
    "small_zone_high_gray_level_emphasis": 10.3,
    "large_zone_low_gray_level_emphasis": 40.4,
    "large_zone_high_gray_level_emphasis": 113,
    "gray_level_non_uniformity": 1.41,
    "normalized_gray_level_non_uniformity": 0.323,
    "zone_size_non_uniformity": 1.49,
    "normalized_zone_size_non_uniformity": 0.333,
    "zone_percentage": 0.24,
    "gray_level_variance": 3.97,
    "zone_size_variance": 21,
    "zone_size_entropy": 1.93,
}


def phantom():
    """The slices, with 0 outside the region."""
    return [
        np.array([[int(c) for c in row.replace(".", "0")] for row in rows.split()], dtype=np.uint8)
        for rows in PHANTOM.strip().split("\n")
    ]


def measured(images, family):
    frame = pd.DataFrame({"slice": images, "roi": [image > 0 for image in images]})
    descriptors = ImageDescriptors(
        family, image_size=None, mask=["roi"], levels=6, gray_range="image", distances=[1]
    ).set_output(transform="pandas")
    features = descriptors.fit_transform(frame).mean()
    return {name.removeprefix(f"slice_{family}_"): value for name, value in features.items()}


def published(value):
    """Equal to three digits."""
    return pytest.approx(value, rel=0.0051 / abs(float(f"{value:e}".split("e")[0])))


def test_the_phantom_is_as_described():
    voxels = np.concatenate([image[image > 0] for image in phantom()])
    assert len(voxels) == 74
    assert np.unique(voxels).tolist() == [1, 3, 4, 6]


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_first_order(name):
    whole = np.concatenate(phantom())  # a histogram doesn't ask where a pixel lies
    assert measured([whole], "intensity")[name] == published(FIRST_ORDER[name])


@pytest.mark.parametrize(
    ("family", "suffix", "expected"),
    [("glcm", "_d1_mean", GLCM), ("glrlm", "_mean", GLRLM), ("glszm", "", GLSZM)],
)
def test_textures(family, suffix, expected):
    values = measured(phantom(), family)
    assert {name + suffix for name in expected} == {n for n in values if not n.endswith("_range")}
    for name, value in expected.items():
        assert values[name + suffix] == published(value), name
