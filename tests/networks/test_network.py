"""Network: plain data that gives the same outputs in every process and thread."""

import json
import pickle
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest

from skfusion.networks._base_network import BaseNetwork
from skfusion.networks._cutting import cut_network
from skfusion.networks._image_preprocessing import NO_PREPROCESSING, ImagePreprocessing
from skfusion.networks._lazy_network import LazyNetwork
from skfusion.networks._network import Network
from skfusion.networks._shared_array import share
from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network
from tests.networks_for_tests import noise_images, tiny_cnn
from tests.processes import run_python

ROOT = Path(__file__).parents[2]
SMALL_MOBILENET = {"input_shape": (32, 32, 3), "options": {"alpha": 0.25}}


@pytest.fixture(scope="module")
def network():
    return build_network("small_cnn", input_shape=(12, 12, 3))


# Fingerprints.


BUILDS = {
    "small_cnn": lambda: build_network("small_cnn", input_shape=(12, 12, 3)),
    "MobileNet": lambda: build_network("MobileNet", **SMALL_MOBILENET),
    "function": lambda: build_network(tiny_cnn, input_shape=(5, 5, 3)),
    "cut": lambda: cut_network(BUILDS["MobileNet"](), "conv_pw_3_relu", "max"),
    "top": lambda: add_top(BUILDS["function"](), n_outputs=3, activation="softmax", seed=4),
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_two_builds_are_the_same(build):
    one = build()
    keras.layers.Dense(1)  # increases Keras's count of names
    random.random()
    two = build()
    assert one.config == two.config
    assert one.fingerprint == two.fingerprint
    for mine, other in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_unnamed_layers_make_the_same_network():
    def unnamed(input_shape):
        inputs = keras.Input(input_shape)
        x = keras.layers.Conv2D(2, 3)(inputs)
        x = keras.layers.Dropout(0.5)(keras.layers.ReLU()(x))
        return keras.Model(inputs, x)

    one, two = (build_network(unnamed, input_shape=(5, 5, 3)) for _ in range(2))
    assert one.config == two.config
    assert one.fingerprint == two.fingerprint


def test_fingerprint_differs_with_the_seed():
    prints = {build_network(tiny_cnn, input_shape=(5, 5, 3), seed=s).fingerprint for s in range(4)}
    assert len(prints) == 4


def test_fingerprint_differs_with_one_weight(network):
    weights = [array.copy() for array in network.weights]
    weights[-1][0] += 1e-6
    other = network.replace(weights=weights)
    assert other.fingerprint != network.fingerprint
    assert other.replace(weights=network.weights).fingerprint == network.fingerprint


def test_fingerprint_differs_with_the_type_of_weights(network):
    weights = [array.astype(np.float64) for array in network.weights]
    assert network.replace(weights=weights).fingerprint != network.fingerprint


def test_fingerprint_differs_with_config(network):
    config = network.config.replace('"relu"', '"elu"', 1)
    assert network.replace(config=config).fingerprint != network.fingerprint


@pytest.mark.parametrize(
    "preprocessing",
    [
        NO_PREPROCESSING,
        ImagePreprocessing(mean=(0.5,) * 3),
        ImagePreprocessing(channels="bgr"),
    ],
)
def test_fingerprint_differs_with_preprocessing(network, preprocessing):
    other = network.replace(preprocessing=preprocessing)
    assert other.fingerprint != network.fingerprint


def test_using_a_network_leaves_its_fingerprint():
    network = build_network(tiny_cnn, input_shape=(5, 5, 3))
    kept = network.fingerprint
    network.embed(noise_images(3, 5))
    assert pickle.loads(pickle.dumps(network)).fingerprint == kept


# Pickles.


def test_pickle_holds_the_weights_and_no_live_model(network):
    outputs = network.embed(noise_images(3))
    assert "_live" in vars(network)
    copy = pickle.loads(pickle.dumps(network))
    assert "_live" not in vars(copy)
    assert copy.weights is not network.weights
    for mine, other in zip(network.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(copy.embed(noise_images(3)), outputs)


NEW_PROCESS = """
import json, pickle, sys
import numpy as np

network = pickle.load(open(sys.argv[1], "rb"))
facts = {"fingerprint": network.fingerprint, "shape": network.output_shape}
pickle.dumps(network)
facts["loaded"] = sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))
np.save(sys.argv[3], network.embed(np.load(sys.argv[2])))

from skfusion.networks.backbones._building import build_network
import keras
keras.layers.Dense(1)
rebuilt = build_network("small_cnn", input_shape=(12, 12, 3))
print(json.dumps({**facts, "rebuilt": rebuilt.fingerprint}))
"""


@pytest.fixture(scope="module")
def elsewhere(network, tmp_path_factory):
    """Return the facts that a new process reports of a pickled network, and its outputs."""
    folder = tmp_path_factory.mktemp("elsewhere")
    files = [folder / name for name in ("network.pickle", "images.npy", "outputs.npy")]
    files[0].write_bytes(pickle.dumps(network))
    np.save(files[1], noise_images(5))
    facts = json.loads(run_python(NEW_PROCESS, *files))
    return {**facts, "outputs": np.load(files[2])}


def test_unpickling_loads_no_keras(elsewhere):
    assert elsewhere["loaded"] == []
    assert elsewhere["shape"] == [256]


def test_fingerprint_is_the_same_in_a_new_process(network, elsewhere):
    assert elsewhere["fingerprint"] == network.fingerprint
    assert elsewhere["rebuilt"] == network.fingerprint


def test_outputs_are_the_same_in_a_new_process(network, elsewhere):
    np.testing.assert_array_equal(elsewhere["outputs"], network.embed(noise_images(5)))


FORK = """
import os, pickle, signal, sys
import numpy as np

network = pickle.load(open(sys.argv[1], "rb"))
inputs = np.load(sys.argv[2])
child = os.fork()
signal.alarm(150)
np.save(f"{sys.argv[3]}/{'parent' if child else 'child'}.npy", network.embed(inputs))
if not child:
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_works_after_a_fork(network, tmp_path):
    files = [tmp_path / name for name in ("network.pickle", "images.npy", "")]
    files[0].write_bytes(pickle.dumps(network))
    np.save(files[1], noise_images(5))
    assert run_python(FORK, *files) == "0"
    for process in ("parent", "child"):
        outputs = np.load(tmp_path / f"{process}.npy")
        np.testing.assert_array_equal(outputs, network.embed(noise_images(5)))


# Threads.


def test_threads_share_one_live_model(network, monkeypatch):
    network = pickle.loads(pickle.dumps(network))
    calls, ready = [], threading.Barrier(8)
    real = Network.to_model

    def slow(self):
        calls.append(threading.get_ident())
        model = real(self)
        threading.Event().wait(0.2)  # long enough for the other threads to arrive
        return model

    def embed(_):
        ready.wait(timeout=60)
        return network.embed(noise_images(5))

    monkeypatch.setattr(Network, "to_model", slow)
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(embed, range(8)))
    assert len(calls) == 1
    for other in outputs[1:]:
        np.testing.assert_array_equal(other, outputs[0])


COLD_THREADS = """
import pickle, sys, threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np

network = pickle.load(open(sys.argv[1], "rb"))
inputs = np.load(sys.argv[2])
ready = threading.Barrier(8)

def embed(_):
    ready.wait(timeout=60)
    return network.embed(inputs)

with ThreadPoolExecutor(8) as pool:
    outputs = list(pool.map(embed, range(8)))
np.save(sys.argv[3], outputs[0])
print(all(np.array_equal(outputs[0], other) for other in outputs))
"""


def test_threads_may_be_the_first_to_need_keras(network, tmp_path):
    files = [tmp_path / name for name in ("network.pickle", "images.npy", "outputs.npy")]
    files[0].write_bytes(pickle.dumps(network))
    np.save(files[1], noise_images(5))
    assert run_python(COLD_THREADS, *files) == "True"
    np.testing.assert_array_equal(np.load(files[2]), network.embed(noise_images(5)))


def test_threads_build_the_same_network():
    with ThreadPoolExecutor(8) as pool:
        prints = pool.map(lambda _: BUILDS["function"]().fingerprint, range(8))
    assert len(set(prints)) == 1


# New weights.


def test_new_weights_in_place_reach_the_live_model():
    one, two = (build_network(tiny_cnn, input_shape=(5, 5, 3), seed=seed) for seed in (1, 2))
    expected = two.embed(noise_images(3, 5))
    before = one.embed(noise_images(3, 5)), one.fingerprint
    model = one.runtime.live_model(one)
    one.set_weights(two.weights)
    assert one.runtime.live_model(one) is model
    np.testing.assert_array_equal(one.embed(noise_images(3, 5)), expected)
    assert not np.array_equal(before[0], expected)
    assert one.fingerprint == two.fingerprint != before[1]


def test_new_weights_before_the_first_use():
    one, two = (build_network(tiny_cnn, input_shape=(5, 5, 3), seed=seed) for seed in (1, 2))
    one.set_weights(two.weights)
    np.testing.assert_array_equal(one.embed(noise_images(3, 5)), two.embed(noise_images(3, 5)))


# Bytes.


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_bytes_hold_the_network_and_the_notes(build):
    network = build()
    again, notes = Network.from_bytes(network.to_bytes(epochs=3))
    assert notes == {"epochs": 3}
    assert again.fingerprint == network.fingerprint
    assert again.preprocessing == network.preprocessing
    assert (again.input_shape, again.output_shape) == (network.input_shape, network.output_shape)
    assert (again.name, again.top) == (network.name, network.top)


# Lazy networks.


def lazy(network, **known):
    """Return a LazyNetwork, and a list that grows with each build."""
    built = []

    def build():
        built.append(1)
        threading.Event().wait(0.1)
        return network

    shape = network.input_shape
    return LazyNetwork(build, fingerprint="any", input_shape=shape, **known), built


def test_a_lazy_network_is_built_when_its_weights_are_needed(network):
    one, built = lazy(network, width=256, cut_name="dense")
    assert (one.output_shape, one.cut_name, one.fingerprint) == ((256,), "dense", "any")
    assert not built
    np.testing.assert_array_equal(one.embed(noise_images(3)), network.embed(noise_images(3)))
    assert one.resolve() is network
    assert built == [1]


def test_a_lazy_network_is_built_for_a_shape_that_is_not_known(network):
    one, built = lazy(network)
    assert one.output_shape == (256,)
    assert one.cut_name == "output"
    assert built == [1]


def test_threads_build_a_lazy_network_once(network):
    one, built = lazy(network)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: one.resolve(), range(4)))
    assert built == [1]
    assert all(each is network for each in found)


def test_a_pickled_lazy_network_is_the_network(network):
    one, _ = lazy(network)
    again = pickle.loads(pickle.dumps(one))
    assert type(again) is Network
    assert again.fingerprint == network.fingerprint


def test_abstract_methods_are_enforced():
    class NoCompute(BaseNetwork):
        n_bytes = 0

        def prepare(self, pixels):
            return pixels

    with pytest.raises(TypeError, match=r"abstract method '?compute"):
        NoCompute()


# Weights that several networks share in a file.


def test_a_type_or_a_shape_makes_another_array():
    zeros = np.zeros((2, 2), dtype=np.float32)
    others = [zeros.reshape(4), zeros.astype(np.int32), zeros[:1], zeros + 1]
    assert all(share(other) is not share(zeros) for other in others)
    kept = share(zeros)
    assert share(zeros.copy()) is kept
