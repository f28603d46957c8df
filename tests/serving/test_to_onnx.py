"""to_onnx: the same columns without Keras."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

from skfusion import ExtraNotFoundError, PretrainedGAP, to_onnx
from skfusion.networks._cutting import cut_network
from skfusion.networks._onnx_network import OnnxNetwork
from skfusion.networks.backbones._building import build_network
from skfusion.networks.runtimes._onnx_runtime import OnnxRuntime
from skfusion.serving import _to_onnx
from tests.models_for_tests import beside_numbers, make_table, tiny_cnn, tiny_gap
from tests.networks_for_tests import tiny_cnn as tiny_function

PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
SMALL = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}


# What is missing.


def test_without_tf2onnx_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(_to_onnx, "find_spec", lambda name: None)
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[onnx-export\]"):
        to_onnx(PretrainedGAP())


def test_without_onnxruntime_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    network = OnnxNetwork.from_network(build_network(tiny_function, input_shape=(8, 8, 3)), b"")
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[onnx\]"):
        network.embed(PHOTOS[:, :8, :8])


# The network.


@pytest.fixture
def onnx():
    """Skip where the extra isn't installed."""
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")


@pytest.fixture
def gap(onnx):
    return PretrainedGAP("MobileNet", **SMALL).fit(PHOTOS)


def assert_same(columns, expected):
    np.testing.assert_allclose(columns, expected, rtol=1e-4, atol=1e-4)


def test_same_columns_and_names(gap):
    copy = to_onnx(gap)
    assert isinstance(copy.networks_[0], OnnxNetwork)
    assert_same(copy.transform(PHOTOS), gap.transform(PHOTOS))
    assert copy.transform(PHOTOS).dtype == np.float32
    assert list(copy.get_feature_names_out()) == list(gap.get_feature_names_out())
    assert not isinstance(gap.networks_[0], OnnxNetwork)


def test_any_number_of_rows(gap):
    copy = to_onnx(gap)
    many = np.concatenate([PHOTOS] * 14)
    for n_rows in (1, 2, 31, 33, 70):
        assert copy.transform(many[:n_rows]).shape == (n_rows, 256)


def test_a_trained_and_averaged_network(onnx):
    X, y = make_table()
    model = beside_numbers(tiny_cnn(cross_fit="average", tta="horizontal")).fit(X, y)
    copy = to_onnx(model)
    assert_same(copy.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("cut_layer", ["pool2", "flatten", "dense"])
def test_every_cut(onnx, cut_layer):
    X, _ = make_table()
    gap = tiny_gap(cut_layer).fit(X[["image"]])
    assert_same(to_onnx(gap).transform(X[["image"]]), gap.transform(X[["image"]]))


def test_a_network_that_cannot_be_exported_says_so(gap, monkeypatch):
    import keras

    def fail(*args, **options):
        raise RuntimeError("no such operation")

    monkeypatch.setattr(keras.Model, "export", fail)
    with pytest.raises(ValueError, match="'mobilenet' can't be brought to ONNX: no such operation"):
        to_onnx(gap)


SERVE = """
import sys
import joblib, numpy as np
for name in ("keras", "tensorflow"):
    sys.modules[name] = None  # as if they were not installed
model = joblib.load("model.joblib")
np.save("columns.npy", model.transform(np.load("photos.npy")))
"""


def test_serving_needs_no_keras(gap, tmp_path):
    joblib.dump(to_onnx(gap), tmp_path / "model.joblib")
    np.save(tmp_path / "photos.npy", PHOTOS)
    subprocess.run([sys.executable, "-c", SERVE], check=True, cwd=tmp_path, timeout=120)
    assert_same(np.load(tmp_path / "columns.npy"), gap.transform(PHOTOS))


def test_a_live_copy_pickles_without_its_session(gap):
    copy = to_onnx(gap)
    expected = copy.transform(PHOTOS)
    again = pickle.loads(pickle.dumps(copy))
    assert "_live" not in vars(again.networks_[0])
    np.testing.assert_array_equal(again.transform(PHOTOS), expected)


def test_cold_threads_make_one_session(gap, monkeypatch):
    copy, made = to_onnx(gap), []
    real = OnnxRuntime.load
    monkeypatch.setattr(OnnxRuntime, "load", lambda *given: made.append(1) or real(*given))
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(lambda _: copy.transform(PHOTOS), range(8)))
    assert len(made) == 1
    assert all(np.array_equal(outputs[0], other) for other in outputs)


def test_fingerprints_differ_with_weights_and_flips(onnx):
    network = build_network("small_cnn", input_shape=(12, 12, 3), options={"filters": (2, 3)})
    flipped = cut_network(network, "flatten", None, flips="both")
    plain = cut_network(network, "flatten", None)
    prints = {to_onnx(each).fingerprint for each in (plain, flipped, plain)}
    assert len(prints) == 2
