"""The table of applications against Keras, and the errors of networks that can't be built."""

import gc
import re
import socket
import sys

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, WeightsNotFoundError, list_backbones
from skfusion.networks.backbones import _building
from skfusion.networks.backbones._registry import find_spec

SPECS = [find_spec(name) for name in list_backbones(family="applications")]
# With hundreds of megabytes of weights. They repeat the layers of smaller networks of their family.
LARGEST = {"ConvNeXtLarge", "ConvNeXtXLarge", "EfficientNetB7", "EfficientNetV2L", "NASNetLarge"}
# Their `preprocess_input` is the identity: the network scales pixels itself.
PREPROCESS_INSIDE = {"convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3"}

each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
each_smaller_spec = pytest.mark.parametrize(
    "spec", [spec for spec in SPECS if spec.name not in LARGEST], ids=lambda spec: spec.name
)


@pytest.fixture
def free_networks():
    """Free the networks after the test: the largest have more than a gigabyte of weights."""
    gc.freeze()  # so that objects from before the test aren't searched again
    yield
    _building.RECENT.get().clear()
    gc.collect()
    gc.unfreeze()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Block the network, and empty Keras's cache."""

    def refuse(*args, **kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    return tmp_path


@pytest.fixture
def weights_file(tmp_path):
    """Write the weights of a MobileNet with alpha=0.25."""
    model = keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3)
    )
    path = tmp_path / "mobilenet.weights.h5"
    model.save_weights(path)
    return path


def photos(side, n_rows=2):
    return np.random.default_rng(0).integers(0, 256, (n_rows, side, side, 3), dtype=np.uint8)


def default_sizes(name):
    """Return the default and the smallest size of a constructor of keras.applications."""
    constructor = getattr(keras.applications, name)
    if name.startswith("MobileNetV3"):  # takes any size; only its description names one
        return int(re.search(r"`\((\d+), \1, 3\)`", constructor.__doc__)[1]), 32

    class SizesFound(Exception):
        """End the construction before anything is built."""

    def raise_sizes(input_shape, default_size, min_size, **options):
        raise SizesFound(default_size, min_size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras.src.applications.imagenet_utils.obtain_input_shape", raise_sizes)
        with pytest.raises(SizesFound) as found:
            constructor(weights=None)
    return found.value.args


# The table.


@pytest.mark.usefixtures("free_networks")
@each_smaller_spec
def test_features_are_those_of_keras(spec, monkeypatch):
    side = max(spec.min_size, 32)
    images = photos(side)
    kept = images.copy()
    gap = PretrainedGAP(spec.name, weights=None, image_size=(side, side)).fit(images)
    weights = gap.networks_[0].weights
    # Both networks below get these weights; drawing random ones first would take most of the time.
    zeros = keras.initializers.Zeros.__call__
    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", zeros)
    features = gap.transform(images)
    np.testing.assert_array_equal(images, kept)

    constructor = getattr(keras.applications, spec.name)
    model = constructor(include_top=False, pooling="avg", weights=None, input_shape=(side, side, 3))
    model.set_weights(weights)
    module = sys.modules[constructor.__module__]
    preprocess_input = module.preprocess_input
    expected = embed(model, preprocess_input(images.astype(np.float32)))
    assert features.shape == expected.shape == (2, spec.n_features)
    # Random weights make features of any scale, down to 1e-20.
    scale = np.abs(expected).max()
    np.testing.assert_allclose(features / scale, expected / scale, rtol=1e-5, atol=1e-5)
    if module.__name__.split(".")[-1] not in PREPROCESS_INSIDE:  # else preprocessing has no effect
        raw = embed(model, images.astype(np.float32))
        assert np.abs(raw - expected).max() > 0.01 * scale


def embed(model, inputs):
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@each_spec
def test_sizes_are_those_of_keras(spec):
    default, smallest = default_sizes(spec.name)
    assert spec.image_size == (default, default)
    assert spec.min_size == smallest


@pytest.mark.parametrize("name", ["MobileNet", "EfficientNetB3", "NASNetMobile"])
def test_default_sizes_are_those_of_built_networks(name):
    model = getattr(keras.applications, name)(weights=None)
    assert model.input_shape == (None, *find_spec(name).image_size, 3)


@each_spec
def test_spec_is_complete(spec):
    assert spec.slug == spec.name.lower()
    assert spec.license in {"Apache-2.0", "BSD-3-Clause", "CC-BY-4.0", "MIT"}
    assert find_spec(spec.name) is spec


def test_spec_is_frozen():
    with pytest.raises(AttributeError):
        find_spec("ResNet50").n_features = 1


# Networks that can't be built.


@pytest.mark.parametrize("name", ["MobileNet", "Xception", "InceptionV3"])
def test_too_small_images(name):
    side = find_spec(name).min_size - 1
    with pytest.raises(ValueError, match=rf"{side} x {side} .* too small for {name}.*image_size"):
        PretrainedGAP(name, weights=None, image_size=(side, side)).fit(photos(32))


def test_weights_of_another_width_do_not_fit(weights_file):
    gap = PretrainedGAP("MobileNet", weights=weights_file, image_size=(32, 32))
    with pytest.raises(ValueError, match=r"mobilenet\.weights\.h5' don't fit MobileNet: "):
        gap.fit(photos(32))


def test_weights_of_another_network_do_not_fit(weights_file):
    gap = PretrainedGAP("VGG16", weights=weights_file, image_size=(32, 32))
    with pytest.raises(ValueError, match="don't fit VGG16"):
        gap.fit(photos(32))


def test_a_file_that_holds_no_weights(tmp_path):
    path = tmp_path / "notes.weights.h5"
    path.write_text("no weights")
    gap = PretrainedGAP("MobileNet", weights=path, image_size=(32, 32))
    with pytest.raises(ValueError, match=r"notes\.weights\.h5' don't fit MobileNet"):
        gap.fit(photos(32))


def test_weights_that_fit(weights_file):
    gap = PretrainedGAP(
        "MobileNet", weights=weights_file, backbone_options={"alpha": 0.25}, image_size=(32, 32)
    )
    assert gap.fit(photos(32)).n_features_out_ == 256


def test_missing_weights_file(tmp_path):
    path = tmp_path / "gone.h5"
    with pytest.raises(WeightsNotFoundError, match=r"No weights for MobileNet at .*gone.h5.*Pass"):
        PretrainedGAP("MobileNet", weights=path, image_size=(32, 32)).fit(photos(32))


@pytest.mark.parametrize("name", ["MobileNet", "ConvNeXtTiny"])
def test_unknown_option_is_named(name):
    gap = PretrainedGAP(name, weights=None, backbone_options={"strength": 3}, image_size=(32, 32))
    with pytest.raises(TypeError, match=rf"{name} with .* can't be built: .*'strength'"):
        gap.fit(photos(32))


def test_impossible_option_is_named():
    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": "much"}, image_size=(32, 32)
    )
    with pytest.raises((TypeError, ValueError), match=r"MobileNet with .*'much'.* can't be built"):
        gap.fit(photos(32))


@pytest.mark.parametrize("name", ["MobileNet", "ResNet50", "EfficientNetB0", "ConvNeXtTiny"])
def test_imagenet_weights_without_a_network(name, offline):
    with pytest.raises(
        WeightsNotFoundError, match=rf"ImageNet weights of {name} are not"
    ) as raised:
        PretrainedGAP(name).fit(photos(32))
    assert "weights=<path" in str(raised.value)
    assert not list(offline.rglob("*.h5"))
