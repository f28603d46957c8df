"""Equal requests in one process share a network, and equal networks a fingerprint."""

import numpy as np
import pytest

from skfusion import FeatureStore, PretrainedGAP
from tests.networks_for_tests import tiny_maps

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
QUARTER = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}


def quarter(**options):
    return PretrainedGAP("MobileNet", **{**QUARTER, **options}).fit(PIXELS).networks_[0]


def test_equal_requests_share_a_network():
    network = quarter()
    assert quarter() is network
    assert quarter(backbone_options={"alpha": 0.25}) is network


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "max"},
        {"cut_layer": "conv_pw_3"},
        {"random_state": 1},
        {"image_size": (32, 40)},
        {"backbone_options": {"alpha": 0.25, "depth_multiplier": 2}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_requests_do_not(change):
    assert quarter(**change) is not quarter()


def test_options_that_have_no_hash():
    options = {"filters": [2, 3]}  # a list
    gap = PretrainedGAP("small_cnn", weights=None, backbone_options=options, image_size=(28, 28))
    one, two = (gap.fit(PIXELS).networks_[0] for _ in range(2))
    assert one.fingerprint == two.fingerprint


def test_functions_are_called_each_time():
    gap = PretrainedGAP(tiny_maps, image_size=(8, 8))
    assert gap.fit(PIXELS).networks_[0] is not gap.fit(PIXELS).networks_[0]


# Fingerprints, which a store needs before anything is built.


@pytest.fixture
def fingerprint(tmp_path):
    """Return a function from a backbone and options to the fingerprint with a store."""
    store = FeatureStore(tmp_path / "store")

    def find(backbone="MobileNet", **options):
        options = {"image_size": (32, 32), "cache": store, **options}
        return PretrainedGAP(backbone, **options).fit(PIXELS).networks_[0].fingerprint

    return find


def test_the_same_backbone_has_the_same_fingerprint(fingerprint):
    assert fingerprint(**QUARTER) == fingerprint(**QUARTER)


@pytest.mark.parametrize(
    "change",
    [
        {"backbone_options": {"alpha": 0.5}},
        {"random_state": 1},
        {"image_size": (32, 40)},
        {"cut_layer": "conv1"},
        {"pooling": "max"},
        {"backbone": "MobileNetV2", "backbone_options": {"alpha": 0.35}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_changes_the_fingerprint(fingerprint, change):
    assert fingerprint(**{**QUARTER, **change}) != fingerprint(**QUARTER)


def test_another_version_of_keras_changes_the_fingerprint(fingerprint, monkeypatch):
    before = fingerprint(**QUARTER)
    module = "skfusion.networks.runtimes._keras_versions.installed_version"
    monkeypatch.setattr(module, lambda package: "3.999.0")
    assert fingerprint(**QUARTER) != before


def test_files_count_by_their_content(fingerprint, tmp_path):
    path, same, other = (tmp_path / f"{name}.keras" for name in ("own", "same", "other"))
    tiny_maps((8, 8, 3)).save(path)
    same.write_bytes(path.read_bytes())
    tiny_maps((8, 8, 3)).save(other)
    assert fingerprint(str(same)) == fingerprint(path)
    assert fingerprint(other) != fingerprint(path)
    weights = tmp_path / "own.weights.h5"
    tiny_maps((8, 8, 3)).save_weights(weights)
    assert fingerprint(path, weights=weights) != fingerprint(path)
