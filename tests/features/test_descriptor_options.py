"""The options of measuring: their effects, their errors, and their part in the key of a store."""

import numpy as np
import pytest

from skfusion import FeatureStore, ImageDescriptors
from tests.features.descriptors_for_tests import measure, noise, smooth

TEXTURES = ["glcm", "glrlm", "glszm"]


@pytest.mark.parametrize("levels", [2, 7, 32, 100, 256])
def test_levels_divide_the_full_range(levels):
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    values = measure("intensity", image, levels=levels)
    bins = np.floor(np.arange(256) * levels / 256)
    shares = np.unique(bins, return_counts=True)[1] / 256
    assert values["uniformity"] == pytest.approx((shares**2).sum())
    assert values["entropy"] == pytest.approx(-(shares * np.log2(shares)).sum())


@pytest.mark.parametrize("levels", [2, 5, 32, 256])
def test_levels_divide_the_image_s_range(levels):
    # A fixed bin number: floor(N (x - min) / (max - min)) + 1, and N for the largest value.
    image = np.array([[3.0, 4.0, 10.5, 11.0], [90.0, 90.5, 102.9, 103.0]])
    descriptors = ImageDescriptors(
        "intensity", image_size=None, levels=levels, gray_range="image"
    ).fit([np.array([[255.0]])])
    entropy = descriptors.get_feature_names_out().tolist().index("x0_intensity_entropy")
    bins = [min(int(levels * (x - 3) / 100), levels - 1) for x in image.ravel()]
    shares = np.unique(bins, return_counts=True)[1] / 8
    expected = -(shares * np.log2(shares)).sum()
    assert descriptors.transform([image])[0, entropy] == pytest.approx(expected)


@pytest.mark.parametrize("family", TEXTURES)
def test_the_image_s_own_range_keeps_what_the_full_range_loses(family):
    # 12 bits stored in 16: 16 gray levels of 8 bits, and far more that are there.
    image = noise((20, 20)).astype(np.uint16) * 16 + noise((20, 20), seed=1, high=16)
    values = measure(family, image, gray_range="image", levels=64)
    whole = (image.astype(float) - image.min()) / np.ptp(image) * 255
    stretched = ImageDescriptors(family, image_size=None, levels=64).fit([np.eye(2) * 255.0])
    expected = stretched.transform([np.floor(whole * 64 / 255).clip(0, 63) * 4])[0]
    np.testing.assert_allclose(list(values.values()), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", TEXTURES)
def test_rounding_noise_is_no_texture_of_its_own_range(family):
    flat = np.full((12, 12), 100, dtype=np.float32)
    noisy = flat + noise((12, 12), high=2) * np.float32(1e-5)
    descriptors = ImageDescriptors(family, image_size=None, gray_range="image")
    descriptors.fit([np.full((1, 1), 255, dtype=np.float32)])
    first, second = descriptors.transform([flat, noisy])
    np.testing.assert_array_equal(first, second)


def test_distances_name_their_columns():
    image = smooth((20, 20))
    values = measure("glcm", image, distances=(5, 2))
    assert [name for name in values if name.startswith("contrast")] == [
        f"contrast_d{distance}_{over}" for distance in (5, 2) for over in ("mean", "range")
    ]
    alone = measure("glcm", image, distances=[2])
    assert alone == {name: value for name, value in values.items() if "_d2_" in name}


@pytest.mark.parametrize("distances", [[], [0], [1.5], [1, 1], [-2], ["one"], [True]])
def test_distances_that_are_none(distances):
    with pytest.raises(ValueError, match="distances must be one or several different positive"):
        ImageDescriptors("glcm", distances=distances).fit(noise((2, 8, 8)))


@pytest.mark.parametrize(
    "options",
    [
        {"levels": 1},
        {"levels": 257},
        {"levels": 8.0},
        {"gray_range": "type"},
        {"distances": 3},
        {"wavelet": None},
        {"mask": True},
    ],
    ids=str,
)
def test_options_of_the_wrong_kind(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"The '{name}' parameter of ImageDescriptors must be"):
        ImageDescriptors(**options).fit(noise((2, 8, 8)))


CHANGES = [
    {"descriptors": ["glcm", "intensity"]},
    {"image_size": (9, 9)},
    {"image_size": None},
    {"color_mode": "rgb"},
    {"mask": "otsu"},
    {"levels": 31},
    {"gray_range": "image"},
    {"distances": (1, 2)},
    {"wavelet": "db2"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_store_knows_features_by_every_option(change, tmp_path):
    store = FeatureStore(tmp_path)
    X = [smooth((12, 12))]
    options = {"descriptors": ["intensity", "glcm"], "image_size": (12, 12), "cache": store}
    ImageDescriptors(**options).fit_transform(X)
    changed = {**options, **change}
    features = ImageDescriptors(**changed).fit_transform(X)
    assert store.stats()["hits"] == 0
    expected = ImageDescriptors(**{**changed, "cache": None}).fit_transform(X)
    np.testing.assert_array_equal(features, expected)
    np.testing.assert_array_equal(ImageDescriptors(**changed).fit_transform(X), expected)
    assert store.stats()["hits"] == 1


@pytest.mark.parametrize("package", ["scikit-image", "PyWavelets", "pillow"])
def test_a_store_knows_features_by_the_versions_that_made_them(package, tmp_path, monkeypatch):
    store = FeatureStore(tmp_path)
    descriptors = ImageDescriptors(["lbp", "wavelet"], cache=store)
    descriptors.fit_transform([smooth((12, 12))])
    from importlib.metadata import version

    def newer(name):
        return "999" if name == package else version(name)

    for module in ("skfusion.features._measuring", "skfusion.extraction._image_decoder"):
        monkeypatch.setattr(f"{module}.version", newer)
    descriptors.fit_transform([smooth((12, 12))])
    assert store.stats()["hits"] == 0
