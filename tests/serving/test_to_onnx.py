"""to_onnx: the same features without Keras."""

import gc
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import keras
import numpy as np
import pytest

from skfusion import (
    BackendNotFoundError,
    ExtraNotFoundError,
    PretrainedGAP,
    half_precision,
    list_backbones,
    to_onnx,
)
from tests.models_for_tests import beside_numbers, make_table, tiny_cnn, tiny_gap

PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
SMALL = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}


def test_without_tf2onnx_an_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[onnx-export\]"):
        to_onnx(PretrainedGAP())


@pytest.fixture(scope="module")
def onnxruntime():
    """Return the package; skip the test if an extra isn't installed."""
    pytest.importorskip("tf2onnx")
    return pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def gap(onnxruntime):
    return PretrainedGAP("MobileNet", **SMALL).fit(PHOTOS)


@pytest.fixture(scope="module")
def copy(gap):
    return to_onnx(gap)


def assert_same(features, expected):
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_without_onnxruntime_an_error_names_the_extra(copy, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[onnx\]"):
        pickle.loads(pickle.dumps(copy)).transform(PHOTOS)


def test_another_backend_than_tensorflow_is_an_error(gap, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(BackendNotFoundError, match=r"runs on 'jax'.*KERAS_BACKEND=tensorflow"):
        to_onnx(gap)


# Every backbone.

SMALLEST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}  # others: 32 pixels


def make_photos(side):
    """Return images that differ in noise and in brightness."""
    noise = np.random.default_rng(0).uniform(0, 255, (8, side, side, 3))
    return (noise * np.linspace(0.1, 1, 8).reshape(-1, 1, 1, 1)).astype(np.uint8)


def randomize(model, inputs):
    """Draw the vectors of weights, and adapt the statistics of batch normalization to the inputs.

    With initial weights much of a network has no effect: vectors are 0 or 1, or 1e-6 for the layer
    scale of ConvNeXt. With initial statistics, features vanish in some networks, and in others
    rounding errors grow without limit.
    """
    random = np.random.default_rng(0)
    for variable in model.weights:
        if len(variable.shape) == 1:
            low = -0.25 if variable.name in ("beta", "bias", "mean") else 0.5
            variable.assign(random.uniform(low, low + 0.5, variable.shape))
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in norms:
        layer.momentum = 0.0
    if norms:
        model([inputs], training=True)


@pytest.fixture
def paused_gc():
    """Pause the garbage collector, which takes a fifth of the time where Keras builds networks."""
    gc.disable()
    yield
    gc.enable()
    gc.collect()


@pytest.mark.usefixtures("onnxruntime", "paused_gc")
@pytest.mark.parametrize("backbone", list_backbones())
def test_every_backbone(backbone):
    side = SMALLEST.get(backbone, 32)
    photos = make_photos(side)
    gap = PretrainedGAP(backbone, weights=None, image_size=(side, side)).fit(photos)
    network = gap.networks_[0].replace()  # a copy: other tests may use the original
    gap.networks_ = [network]
    inputs, model = network.prepare(photos), network.runtime.live_model(network)
    randomize(model, inputs)
    network.set_weights(model.get_weights())
    expected = np.asarray(model([inputs], training=False))
    features = to_onnx(gap).transform(photos)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4 * scale)
    assert np.ptp(expected, axis=0).max() > 0.01 * scale  # images differ
    assert np.ptp(expected, axis=1).max() > 0.01 * scale  # columns differ
