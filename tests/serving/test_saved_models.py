"""Whole models through joblib, pickle and cloudpickle: complete, small, quick to load."""

import pickle
import subprocess
import sys

import cloudpickle
import joblib
import numpy as np
import pytest

from skfusion import PretrainedGAP
from tests.models_for_tests import (
    MODELS,
    TRANSFORMERS,
    answers,
    beside_numbers,
    fit_model,
    make_table,
    tiny_cnn,
    tiny_gap,
)

PHOTOS = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
SMALL = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}


@pytest.fixture(scope="module")
def fitted():
    """Every kind of model: fitted model, rows and answers by name."""
    return {name: fit_model(name) for name in MODELS}


@pytest.fixture(scope="module")
def two_cuts():
    """Transformers of one backbone, alone and with a second one that is cut lower."""
    upper = PretrainedGAP("MobileNet", **SMALL).fit(PHOTOS)
    lower = PretrainedGAP("MobileNet", cut_layer="conv_pw_11_relu", **SMALL).fit(PHOTOS)
    return [upper], [upper, lower]


def joblib_dump(model, path):
    joblib.dump(model, path)


def joblib_compressed(model, path):
    joblib.dump(model, path, compress=3)


def pickle_dump(model, path):
    path.write_bytes(pickle.dumps(model))


def cloudpickle_dump(model, path):
    path.write_bytes(cloudpickle.dumps(model))


WRITERS = {
    "joblib": (joblib_dump, joblib.load),
    "joblib, compressed": (joblib_compressed, joblib.load),
    "pickle": (pickle_dump, lambda path: pickle.loads(path.read_bytes())),
    "cloudpickle": (cloudpickle_dump, lambda path: cloudpickle.loads(path.read_bytes())),
}
each_writer = pytest.mark.parametrize(("dump", "load"), WRITERS.values(), ids=WRITERS)


@each_writer
@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_says_the_same(fitted, tmp_path, name, dump, load):
    model, X, expected = fitted[name]
    dump(model, tmp_path / "model")
    np.testing.assert_array_equal(answers(load(tmp_path / "model"), X), expected)


LOAD = """
import sys
import joblib, pandas as pd
model = joblib.load("model.joblib")
loaded = {"keras", "tensorflow", "jax", "torch", "matplotlib"} & set(sys.modules)
assert not loaded, loaded
"""


def test_loading_loads_no_keras_whatever_the_model(fitted, tmp_path):
    joblib.dump([model for model, _, _ in fitted.values()], tmp_path / "model.joblib")
    subprocess.run([sys.executable, "-c", LOAD], check=True, cwd=tmp_path, timeout=120)


# Weights.


@each_writer
def test_two_cuts_of_a_backbone_cost_one(two_cuts, tmp_path, dump, load):
    one, two = two_cuts
    dump(one, tmp_path / "one")
    dump(two, tmp_path / "two")
    sizes = [(tmp_path / name).stat().st_size for name in ("one", "two")]
    assert sizes[1] < 1.1 * sizes[0]


@each_writer
def test_they_share_their_weights_in_memory(two_cuts, tmp_path, dump, load):
    _, two = two_cuts
    dump(two, tmp_path / "two")
    upper, lower = (gap.networks_[0] for gap in load(tmp_path / "two"))
    assert len(lower.weights) > 50
    for high, low in zip(upper.weights, lower.weights, strict=False):
        assert high is low


def test_they_share_them_again_when_they_are_saved_again(two_cuts):
    _, two = two_cuts
    again = pickle.loads(pickle.dumps(two))
    # Equal but for a few bytes of strings; the weights take nearly all of it.
    # Text is written once or twice; weights written twice would be hundreds of kilobytes.
    assert abs(len(pickle.dumps(again)) - len(pickle.dumps(two))) < 1000


def test_in_one_pipeline(tmp_path):
    X, y = make_table()
    one = beside_numbers(tiny_gap("flatten", pooling=None)).fit(X, y)
    two = beside_numbers(tiny_gap("flatten", pooling=None), tiny_gap("conv2")).fit(X, y)
    loaded = pickle.loads(pickle.dumps(two))
    flat, maps = (loaded["features"].named_transformers_[f"image{i}"].networks_[0] for i in (0, 1))
    assert all(a is b for a, b in zip(flat.weights, maps.weights, strict=False))
    one, two = (pickle.dumps([m["features"].transformers_]) for m in (one, two))
    weights = sum(array.nbytes for array in flat.weights)
    assert two.count(flat.weights[0].tobytes()) == one.count(flat.weights[0].tobytes()) == 1
    assert weights > 0


def test_networks_of_a_store_share_too(tmp_path):
    gaps = [
        PretrainedGAP("MobileNet", cut_layer=cut, cache=tmp_path, **SMALL).fit(PHOTOS)
        for cut in (None, "conv_pw_11_relu")
    ]
    assert len(pickle.dumps(gaps)) < 1.1 * len(pickle.dumps(gaps[:1]))
    upper, lower = (gap.networks_[0] for gap in pickle.loads(pickle.dumps(gaps)))
    assert type(upper).__name__ == "Network"  # not a promise to read it from the store
    assert upper.weights[0] is lower.weights[0]


def test_networks_of_different_weights_share_nothing():
    one, two = (tiny_gap("flatten", pooling=None).set_params(random_state=s) for s in (0, 1))
    pair = pickle.loads(pickle.dumps([one.fit(PHOTOS), two.fit(PHOTOS)]))
    kernels = [gap.networks_[0].weights[0] for gap in pair]
    assert kernels[0] is not kernels[1]
    assert not np.array_equal(*kernels)


def test_compress_is_effective(tmp_path):
    """Weights of a network that learned little, as many are, hold many zeros."""
    gap = PretrainedGAP("MobileNet", **SMALL).fit(PHOTOS)
    network = gap.networks_[0]
    gap.networks_ = [network.replace(weights=[np.zeros_like(array) for array in network.weights])]
    joblib.dump(gap, tmp_path / "plain")
    joblib.dump(gap, tmp_path / "small", compress=3)
    sizes = [(tmp_path / name).stat().st_size for name in ("plain", "small")]
    assert sizes[1] < 0.02 * sizes[0]


def test_weights_can_be_mapped_from_the_file(tmp_path):
    """So that workers of one machine share them."""
    gap = PretrainedGAP("MobileNet", **SMALL).fit(PHOTOS)
    joblib.dump(gap, tmp_path / "model")
    mapped = joblib.load(tmp_path / "model", mmap_mode="r")
    assert isinstance(mapped.networks_[0].weights[0], np.memmap)
    np.testing.assert_array_equal(mapped.transform(PHOTOS), gap.transform(PHOTOS))
    joblib.dump(mapped, tmp_path / "again")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "again").transform(PHOTOS), gap.transform(PHOTOS)
    )


def test_a_live_network_is_left_out():
    X, y = make_table()
    model = tiny_cnn().fit(X[["image"]], y)
    model.transform(X[["image"]])
    assert "_live" in vars(model.networks_[0])
    assert "_live" not in model.networks_[0].__getstate__()


# Wrong use.


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_truncated_file_is_an_error(name, tmp_path):
    model, _, _ = fit_model(name)
    blob = pickle.dumps(model)
    with pytest.raises((pickle.UnpicklingError, EOFError)):
        pickle.loads(blob[: len(blob) // 2])


def test_an_unfitted_model_is_saved_unfitted():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        pickle.loads(pickle.dumps(tiny_gap())).transform(PHOTOS)
