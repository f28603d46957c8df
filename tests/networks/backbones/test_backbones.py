"""The table of backbones against keras.applications, and what users are told when one can't be."""

import gc
import re
import socket

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, WeightsNotFoundError, list_backbones
from skfusion.networks.backbones import _building
from skfusion.networks.backbones._registry import BACKBONES, find_backbone

OURS = {"small_cnn", "deep_cnn"}
SPECS = [spec for spec in BACKBONES.values() if spec.name not in OURS]
# With random weights this one amplifies rounding until nothing else is left; smaller kernels tame
# it.
KERNEL_FACTORS = {"EfficientNetV2L": 0.9}
# Their `preprocess_input` is the identity: the network scales pixels itself.
PREPROCESS_INSIDE = {"convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3"}

each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


@pytest.fixture
def free_networks():
    """The largest have more than a gigabyte of weights: don't let several pile up."""
    gc.freeze()  # what was there before needn't be looked at again
    yield
    _building.RECENT.get().clear()
    gc.collect()
    gc.unfreeze()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, and nothing in Keras's cache."""

    def refuse(*args, **kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    return tmp_path


@pytest.fixture
def weights_file(tmp_path):
    """Weights of a MobileNet with alpha=0.25."""
    model = keras.applications.MobileNet(
        include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3)
    )
    path = tmp_path / "mobilenet.weights.h5"
    model.save_weights(path)
    return path


def photos(side, n_rows=2):
    return np.random.default_rng(0).integers(0, 256, (n_rows, side, side, 3), dtype=np.uint8)


def default_sizes(name):
    """The size that a constructor of keras.applications has by default, and the smallest."""

    constructor = getattr(keras.applications, name)
    if name.startswith("MobileNetV3"):  # takes any size; only its description names one
        return int(re.search(r"`\((\d+), \1, 3\)`", constructor.__doc__)[1]), 32

    class AskedError(Exception):
        """Ends a construction before anything is built."""

    def tell(input_shape, default_size, min_size, **options):
        raise AskedError(default_size, min_size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras.src.applications.imagenet_utils.obtain_input_shape", tell)
        with pytest.raises(AskedError) as asked:
            constructor(weights=None)
    return asked.value.args


# The table.


@pytest.mark.usefixtures("free_networks")
@each_spec
def test_features_are_those_of_keras(spec, monkeypatch):
    side = max(spec.min_size, 32)
    images = photos(side)
    kept = images.copy()
    gap = PretrainedGAP(spec.name, weights=None, image_size=(side, side)).fit(images)
    weights = gap.networks_[0].weights
    if spec.name in KERNEL_FACTORS:
        factor = KERNEL_FACTORS[spec.name]
        weights = [array * factor if array.ndim > 1 else array for array in weights]
        gap.networks_[0] = gap.networks_[0].with_weights(weights)
    # Both networks below get these weights; to draw others before would take most of the time.
    zeros = keras.initializers.Zeros.__call__
    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", zeros)
    features = gap.transform(images)
    np.testing.assert_array_equal(images, kept)

    constructor = getattr(keras.applications, spec.name)
    model = constructor(include_top=False, pooling="avg", weights=None, input_shape=(side, side, 3))
    model.set_weights(weights)
    preprocess_input = getattr(keras.applications, spec.module).preprocess_input
    expected = embed(model, preprocess_input(images.astype(np.float32)))
    assert features.shape == expected.shape == (2, spec.n_features)
    # Random weights make features of any scale, down to 1e-20.
    scale = np.abs(expected).max()
    np.testing.assert_allclose(features / scale, expected / scale, rtol=1e-5, atol=1e-5)
    if spec.module not in PREPROCESS_INSIDE:  # or else the pixels would not have mattered
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
    assert model.input_shape == (None, *find_backbone(name).image_size, 3)


@each_spec
def test_spec_is_complete(spec):
    assert spec.slug == spec.name.lower()
    assert spec.license in {"Apache-2.0", "BSD-3-Clause", "CC-BY-4.0", "MIT"}
    assert find_backbone(spec.name) is spec


def test_list_backbones_is_sorted():
    names = list_backbones()
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(set(names))


def test_list_backbones_has_every_application():
    constructors = {
        name
        for name, item in vars(keras.applications).items()
        if callable(item) and not name.startswith("_")
    }
    assert set(list_backbones()) == constructors | OURS


def test_list_backbones_gives_a_list_of_its_own():
    list_backbones().clear()
    assert "ResNet50" in list_backbones()


def test_spec_is_frozen():
    with pytest.raises(AttributeError):
        find_backbone("ResNet50").n_features = 1


# What can't be built.


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Resnet50", "'ResNet50'"),
        ("resnet-50", "'ResNet50'"),
        ("MobilNetV2", "'MobileNetV2'"),
        ("EfficientNet", "'EfficientNetB"),
        ("inception", "'InceptionV3'"),
    ],
)
def test_unknown_backbone_names_the_nearest(name, nearest):
    with pytest.raises(ValueError, match=r"Unknown backbone .*did you mean .*\?") as raised:
        PretrainedGAP(name, weights=None).fit(photos(32))
    assert nearest in str(raised.value)
    assert "list_backbones()" in str(raised.value)


def test_unknown_backbone_like_no_other():
    with pytest.raises(ValueError, match=r"Unknown backbone 'qqq'; see skfusion.list_backbones"):
        PretrainedGAP("qqq").fit(photos(32))


@pytest.mark.parametrize("name", ["small_cnn", "MobileNet", "Xception", "InceptionV3"])
def test_too_small_images(name):
    side = find_backbone(name).min_size - 1
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


def test_weights_that_do_not_fit_small_cnn(weights_file):
    with pytest.raises(ValueError, match="don't fit small_cnn"):
        PretrainedGAP("small_cnn", weights=weights_file, image_size=(32, 32)).fit(photos(32))


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


@pytest.mark.parametrize("name", ["MobileNet", "small_cnn"])
def test_missing_weights_file(name, tmp_path):
    path = tmp_path / "gone.h5"
    with pytest.raises(WeightsNotFoundError, match=rf"No weights for {name} at .*gone.h5.*Pass"):
        PretrainedGAP(name, weights=path, image_size=(32, 32)).fit(photos(32))


def test_small_cnn_has_no_imagenet_weights():
    with pytest.raises(ValueError, match="no ImageNet weights for 'small_cnn'"):
        PretrainedGAP("small_cnn", image_size=(28, 28)).fit(photos(28))


@pytest.mark.parametrize("name", ["MobileNet", "ConvNeXtTiny", "small_cnn"])
def test_unknown_option_is_named(name):
    gap = PretrainedGAP(name, weights=None, backbone_options={"strength": 3}, image_size=(32, 32))
    with pytest.raises(TypeError, match=rf"{name} can't be built .*'strength'"):
        gap.fit(photos(32))


def test_impossible_option_is_named():
    gap = PretrainedGAP(
        "MobileNet", weights=None, backbone_options={"alpha": "much"}, image_size=(32, 32)
    )
    with pytest.raises((TypeError, ValueError), match=r"MobileNet can't be built with .*'much'"):
        gap.fit(photos(32))


@pytest.mark.parametrize("name", ["MobileNet", "ResNet50", "EfficientNetB0", "ConvNeXtTiny"])
def test_imagenet_weights_without_a_network(name, offline):
    with pytest.raises(
        WeightsNotFoundError, match=rf"ImageNet weights of {name} are not"
    ) as raised:
        PretrainedGAP(name).fit(photos(32))
    assert "weights=<path" in str(raised.value)
    assert not list(offline.rglob("*.h5"))
