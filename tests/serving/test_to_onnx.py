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
    PixelFlattener,
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


# One network.


def test_same_features_and_names(gap, copy):
    assert_same(copy.transform(PHOTOS), gap.transform(PHOTOS))
    assert copy.transform(PHOTOS).dtype == np.float32
    assert list(copy.get_feature_names_out()) == list(gap.get_feature_names_out())


def test_the_model_is_not_changed(gap, copy):
    assert type(gap.networks_[0]) is not type(copy.networks_[0])


@pytest.mark.parametrize("n_rows", [1, 2, 31, 33, 70])
def test_any_number_of_rows(copy, n_rows):
    many = np.concatenate([PHOTOS] * 14)
    assert copy.transform(many[:n_rows]).shape == (n_rows, 256)


@pytest.mark.usefixtures("onnxruntime")
def test_a_trained_and_averaged_network():
    X, y = make_table()
    model = beside_numbers(tiny_cnn(cross_fit="average", tta="horizontal")).fit(X, y)
    assert_same(to_onnx(model).predict_proba(X), model.predict_proba(X))


@pytest.mark.usefixtures("onnxruntime")
@pytest.mark.parametrize("cut_layer", ["pool2", "flatten", "dense"])
def test_every_cut(cut_layer):
    X, _ = make_table()
    gap = tiny_gap(cut_layer).fit(X[["image"]])
    assert_same(to_onnx(gap).transform(X[["image"]]), gap.transform(X[["image"]]))


@pytest.mark.usefixtures("onnxruntime")
def test_weights_of_16_bits():
    gap = half_precision(PretrainedGAP("MobileNet", weights=None, image_size=(32, 32)).fit(PHOTOS))
    copy = to_onnx(gap)
    assert_same(copy.transform(PHOTOS), gap.transform(PHOTOS))
    assert len(pickle.dumps(copy)) < 1.1 * len(pickle.dumps(gap))


def test_a_converted_model_is_kept(copy):
    assert to_onnx(copy).networks_[0] is copy.networks_[0]


@pytest.mark.usefixtures("onnxruntime")
def test_without_a_network_the_model_is_copied():
    flattener = PixelFlattener().fit(PHOTOS)
    copy = to_onnx(flattener)
    assert copy is not flattener
    np.testing.assert_array_equal(copy.transform(PHOTOS), flattener.transform(PHOTOS))


def inverse_error_function(input_shape):
    """Build a network with an operation that ONNX doesn't have."""
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, keras.ops.erfinv(inputs), name="inverse")


@pytest.mark.usefixtures("onnxruntime")
def test_an_operation_that_onnx_lacks_is_named():
    gap = PretrainedGAP(inverse_error_function, weights=None, image_size=(8, 8)).fit(PHOTOS)
    with pytest.raises(ValueError, match=r"'inverse_error_function' can't be converted.*Erfinv"):
        to_onnx(gap)


# Saved copies.


SERVE = """
import sys
import joblib, numpy as np
for name in ("keras", "tensorflow"):
    sys.modules[name] = None  # as if they were not installed
model = joblib.load("model.joblib")
np.save("features.npy", model.transform(np.load("photos.npy")))
"""


def test_a_service_needs_no_keras(gap, copy, tmp_path):
    joblib.dump(copy, tmp_path / "model.joblib")
    np.save(tmp_path / "photos.npy", PHOTOS)
    subprocess.run([sys.executable, "-c", SERVE], check=True, cwd=tmp_path, timeout=120)
    assert_same(np.load(tmp_path / "features.npy"), gap.transform(PHOTOS))


def test_weights_can_be_mapped_from_the_file(copy, tmp_path):
    joblib.dump(copy, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(mapped.transform(PHOTOS), copy.transform(PHOTOS))


@pytest.mark.usefixtures("onnxruntime")
def test_two_cuts_of_a_backbone_share_their_weights():
    cuts = [
        PretrainedGAP("MobileNet", cut_layer=cut, **SMALL).fit(PHOTOS)
        for cut in (None, "conv_pw_11_relu")
    ]
    sizes = [len(pickle.dumps(to_onnx(model))) for model in (cuts[:1], cuts)]
    assert sizes[1] < 1.3 * sizes[0]  # the graph itself is stored twice


def test_a_used_copy_can_be_pickled(copy):
    expected = copy.transform(PHOTOS)
    again = pickle.loads(pickle.dumps(copy))
    np.testing.assert_array_equal(again.transform(PHOTOS), expected)


def test_threads_share_one_session(gap, onnxruntime, monkeypatch):
    copy, made = to_onnx(gap), []
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *args, **kw: made.append(1) or real(*args, **kw)
    )
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(lambda _: copy.transform(PHOTOS), range(8)))
    assert len(made) == 1
    assert all(np.array_equal(outputs[0], other) for other in outputs)


def test_fingerprints_differ_with_weights_and_flips(gap):
    network = gap.networks_[0]
    others = [network.replace(flips="both"), network.replace(weights=network.weights[::-1][::-1])]
    prints = [to_onnx(each).fingerprint for each in (network, *others)]
    assert prints[0] == prints[2] != prints[1]
    assert prints[0] != network.fingerprint  # features differ in their last digits


# Every family of backbones.

SMALLEST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}  # others: 32 pixels
# Larger networks of a family that is tested: they repeat its layers, and take minutes together.
LARGER = {
    *(f"ConvNeXt{size}" for size in ("Small", "Base", "Large", "XLarge")),
    *("DenseNet169", "DenseNet201"),
    *(f"EfficientNetB{number}" for number in range(1, 8)),
    *(f"EfficientNetV2{size}" for size in ("B1", "B2", "B3", "M", "L")),
    *("NASNetLarge", "ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "VGG19"),
}


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
        layer.momentum = 0.5  # variances stay above 0.5: rounding errors are not amplified
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0  # dropped blocks would give other statistics
    if norms:
        model(inputs, training=True)


@pytest.fixture
def paused_gc():
    """Pause the garbage collector, which takes a fifth of the time where Keras builds networks."""
    gc.disable()
    yield
    gc.enable()
    gc.collect()


@pytest.mark.usefixtures("onnxruntime", "paused_gc")
@pytest.mark.parametrize("backbone", sorted(set(list_backbones()) - LARGER))
def test_every_family(backbone):
    side = SMALLEST.get(backbone, 32)
    photos = make_photos(side)
    gap = PretrainedGAP(backbone, weights=None, image_size=(side, side)).fit(photos)
    network = gap.networks_[0].replace()  # a copy: other tests may use the original
    gap.networks_ = [network]
    if network.n_bytes > 2**29:
        gc.collect()  # the models that were built on the way take as much memory
    inputs, model = network.prepare(photos), network.runtime.live_model(network)
    randomize(model, inputs)
    network.set_weights(model.get_weights())
    expected = np.asarray(model(inputs, training=False))
    features = to_onnx(gap).transform(photos)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4 * scale)
    assert np.ptp(expected, axis=1).max() > 0.01 * scale  # columns differ
