"""Network: plain data that computes the same in every process, thread and batch."""

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

from skfusion.networks._network import Network
from skfusion.networks.backbones import _building
from skfusion.networks.backbones._building import add_top, build_cut, build_network, cut_network
from skfusion.networks.runtimes._keras import building
from tests.networks_for_tests import tiny_cnn, tiny_maps
from tests.processes import run_python

ROOT = Path(__file__).parents[2]
SMALL_MOBILENET = {"input_shape": (32, 32, 3), "options": {"alpha": 0.25}}


@pytest.fixture(scope="module")
def network():
    return build_network("small_cnn", input_shape=(12, 12, 3))


def images(n_rows, side=12, channels=3):
    shape = (n_rows, side, side, channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


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
    keras.layers.Dense(1)  # moves Keras's count of names on
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
    other = network.with_weights(weights)
    assert other.fingerprint != network.fingerprint
    assert other.with_weights(network.weights).fingerprint == network.fingerprint


def test_fingerprint_differs_with_the_type_of_weights(network):
    weights = [array.astype(np.float64) for array in network.weights]
    assert network.with_weights(weights).fingerprint != network.fingerprint


def test_fingerprint_differs_with_config(network):
    config = network.config.replace('"relu"', '"elu"', 1)
    assert changed(network, config=config).fingerprint != network.fingerprint


@pytest.mark.parametrize("preprocessing", ["none", "mobilenet", "resnet"])
def test_fingerprint_differs_with_preprocessing(network, preprocessing):
    assert changed(network, preprocessing=preprocessing).fingerprint != network.fingerprint


def changed(network, **values):
    other = pickle.loads(pickle.dumps(network))
    vars(other).update(values)
    return other


def test_using_a_network_leaves_its_fingerprint():
    network = build_network(tiny_cnn, input_shape=(5, 5, 3))
    kept = network.fingerprint
    network.embed(images(3, 5))
    assert pickle.loads(pickle.dumps(network)).fingerprint == kept


# Pickles.


def test_pickle_holds_the_weights_and_no_live_model(network):
    outputs = network.embed(images(3))
    assert "_live" in vars(network)
    copy = pickle.loads(pickle.dumps(network))
    assert "_live" not in vars(copy)
    assert copy.weights is not network.weights
    for mine, other in zip(network.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(copy.embed(images(3)), outputs)


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
    """What a new process finds out about a pickled network, and what it computes."""
    folder = tmp_path_factory.mktemp("elsewhere")
    files = [folder / name for name in ("network.pickle", "images.npy", "outputs.npy")]
    files[0].write_bytes(pickle.dumps(network))
    np.save(files[1], images(5))
    facts = json.loads(run_python(NEW_PROCESS, *files))
    return {**facts, "outputs": np.load(files[2])}


def test_unpickling_loads_no_keras(elsewhere):
    assert elsewhere["loaded"] == []
    assert elsewhere["shape"] == [256]


def test_fingerprint_is_the_same_in_a_new_process(network, elsewhere):
    assert elsewhere["fingerprint"] == network.fingerprint
    assert elsewhere["rebuilt"] == network.fingerprint


def test_outputs_are_the_same_in_a_new_process(network, elsewhere):
    np.testing.assert_array_equal(elsewhere["outputs"], network.embed(images(5)))


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
    np.save(files[1], images(5))
    assert run_python(FORK, *files) == "0"
    for process in ("parent", "child"):
        outputs = np.load(tmp_path / f"{process}.npy")
        np.testing.assert_array_equal(outputs, network.embed(images(5)))


# Batches.


@pytest.mark.parametrize("batch_size", [1, 3, 8, 32])
def test_rows_do_not_depend_on_their_batch(network, batch_size):
    inputs = network.prepare(images(37))
    singly = np.concatenate([network.compute(inputs[i : i + 1]) for i in range(37)])
    for length in (1, 2, 3, 7, 8, 31, 32, 33, 37):
        outputs = network.compute(inputs[:length], batch_size)
        assert outputs.shape == (length, 256)
        np.testing.assert_allclose(outputs, singly[:length], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("batch_size", "most"), [(1, 1), (5, 4), (32, 6)])
def test_few_shapes_of_batches(network, shapes, batch_size, most):
    for length in range(1, 71):
        network.compute(network.prepare(images(length)), batch_size)
    assert all(1 <= shape[0] <= batch_size for shape in shapes)
    assert len(set(shapes)) == most


def test_padding_is_no_more_than_double(network, shapes):
    for length in range(1, 33):
        shapes.clear()
        network.compute(network.prepare(images(length)))
        assert len(shapes) == 1
        assert length <= shapes[0][0] < 2 * length


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others trace in other ways")
def test_few_traces():
    network = build_network(tiny_cnn, input_shape=(5, 5, 3))
    for length in range(1, 71):
        network.compute(network.prepare(images(length, 5)))
    assert network._awake().predict_function.experimental_get_tracing_count() <= 6


@pytest.mark.parametrize("name", ["small_cnn", "MobileNet", "function"])
def test_prepare_leaves_its_input(name):
    network = BUILDS[name]()
    for dtype in (np.uint8, np.float32):
        pixels = images(2, network.input_shape[0]).astype(dtype)
        kept = pixels.copy()
        network.embed(pixels)
        network.prepare(list(pixels))
        np.testing.assert_array_equal(pixels, kept)


# Threads.


def test_threads_share_one_live_model(network, monkeypatch):
    network = pickle.loads(pickle.dumps(network))
    calls, ready = [], threading.Barrier(8)
    real = Network.to_model

    def slow(self):
        calls.append(threading.get_ident())
        model = real(self)
        threading.Event().wait(0.2)  # long enough for the others to come by
        return model

    def embed(_):
        ready.wait(timeout=60)
        return network.embed(images(5))

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
    np.save(files[1], images(5))
    assert run_python(COLD_THREADS, *files) == "True"
    np.testing.assert_array_equal(np.load(files[2]), network.embed(images(5)))


def test_threads_build_the_same_network():
    with ThreadPoolExecutor(8) as pool:
        prints = pool.map(lambda _: BUILDS["function"]().fingerprint, range(8))
    assert len(set(prints)) == 1


# Global state.


@pytest.fixture
def same_state():
    """Fails if the global random state or Keras's settings differ after the test."""
    random.seed(11)
    np.random.seed(12)  # noqa: NPY002
    before = state()
    yield
    for mine, other in zip(before, state(), strict=True):
        np.testing.assert_equal(mine, other)


def state():
    settings = keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()
    policy = keras.config.dtype_policy().name
    return random.getstate(), np.random.get_state(), settings, policy  # noqa: NPY002


@pytest.mark.usefixtures("same_state")
def test_building_restores_random_state():
    with building(3):
        random.random()
        np.random.random()  # noqa: NPY002
        tiny_cnn((5, 5, 3))


@pytest.mark.usefixtures("same_state")
def test_building_restores_random_state_after_an_error():
    def fail():
        with building(3):
            random.random()
            np.random.random()  # noqa: NPY002
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


@pytest.mark.usefixtures("same_state")
@pytest.mark.parametrize("name", ["small_cnn", "MobileNet", "function", "cut", "top"])
def test_a_networks_life_leaves_random_state(name):
    network = BUILDS[name]()
    network.embed(images(2, network.input_shape[0]))
    pickle.loads(pickle.dumps(network)).embed(images(2, network.input_shape[0]))


def test_building_restores_the_count_of_names():
    first = keras.layers.Dense(1).name
    with building(0):
        assert keras.layers.Dense(1).name == "dense"
        with building(1):
            assert keras.layers.Dense(1).name == "dense"
        assert keras.layers.Dense(1).name == "dense_1"
    second = keras.layers.Dense(1).name
    assert number(second) == number(first) + 1


def test_a_networks_life_leaves_the_count_of_names():
    first = keras.layers.Conv2D(1, 1).name
    network = BUILDS["cut"]()
    network.embed(images(2, 32))
    assert number(keras.layers.Conv2D(1, 1).name) == number(first) + 1


def number(name):
    """The count in a name that Keras made up."""
    last = name.rsplit("_", 1)[-1]
    return int(last) if last.isdecimal() else 0


def test_weights_follow_the_seed():
    def weights(seed):
        with building(seed):
            return np.concatenate([array.ravel() for array in tiny_cnn((5, 5, 3)).get_weights()])

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_users_functions_may_draw_from_numpy():
    def drawn(input_shape):
        model = tiny_cnn(input_shape)
        rng = np.random  # users' code of an older make
        model.set_weights([rng.normal(size=array.shape) for array in model.get_weights()])
        return model

    one, two = (build_network(drawn, input_shape=(5, 5, 3), seed=7) for _ in range(2))
    assert one.fingerprint == two.fingerprint
    assert build_network(drawn, input_shape=(5, 5, 3), seed=8).fingerprint != one.fingerprint


# Networks that are asked for twice.


def test_equal_requests_share_a_network():
    request = {"cut_layer": None, "pooling": "avg", **SMALL_MOBILENET}
    one = build_cut("MobileNet", **request)
    assert build_cut("MobileNet", **request) is one
    assert build_cut("MobileNet", **{**request, "pooling": "max"}) is not one
    _building.RECENT.get().clear()
    again = build_cut("MobileNet", **request)
    assert again is not one
    assert again.fingerprint == one.fingerprint


def test_functions_are_called_each_time():
    request = {"cut_layer": None, "pooling": "avg", "input_shape": (5, 5, 3)}
    assert build_cut(tiny_maps, **request) is not build_cut(tiny_maps, **request)


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "own.keras"
    request = {"cut_layer": None, "pooling": "avg", "input_shape": (5, 5, 3)}
    prints = []
    for seed in (1, 2):
        with building(seed):
            tiny_maps((5, 5, 3)).save(path)
        prints.append(build_cut(str(path), **request).fingerprint)
    assert prints[0] != prints[1]


# Keras without a backend.


NO_BACKEND = """
import importlib.abc, sys
from skfusion import BackendNotFoundError, PretrainedGAP
import numpy as np


class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "jax", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocker())
for _ in range(2):  # a failed import must not spoil the next
    try:
        PretrainedGAP("MobileNet", weights=None).fit(np.zeros((1, 32, 32, 3), "uint8"))
    except BackendNotFoundError as error:
        message = str(error)
print(message)
"""


def test_no_backend_says_what_to_install(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    message = run_python(NO_BACKEND)
    assert "'skfusion[cpu]'" in message
    assert "'skfusion[gpu]'" in message


OTHER_BACKEND = """
import sys
import numpy as np
from skfusion import BackendNotFoundError, PretrainedGAP

try:
    PretrainedGAP("MobileNet", weights=None).fit(np.zeros((1, 32, 32, 3), "uint8"))
except BackendNotFoundError as error:
    print(error)
"""


def test_a_backend_that_is_not_the_chosen_one_is_named(monkeypatch):
    from importlib.util import find_spec

    chosen = next((name for name in ("jax", "torch") if find_spec(name) is None), None)
    if chosen is None or find_spec("tensorflow") is None:
        pytest.skip("needs one backend that is installed and one that isn't")
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    assert "KERAS_BACKEND=tensorflow: it is installed" in run_python(OTHER_BACKEND)
