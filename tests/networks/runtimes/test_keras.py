"""Keras: the global state that networks leave, and missing backends."""

import pickle
import random
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from skfusion.networks._cutting import cut_network
from skfusion.networks._top import add_top
from skfusion.networks.backbones._building import build_network
from skfusion.networks.runtimes._keras import building
from tests.networks_for_tests import noise_images, tiny_cnn
from tests.processes import run_python

BUILDS = {
    "small_cnn": lambda: build_network("small_cnn", input_shape=(12, 12, 3)),
    "MobileNet": lambda: build_network(
        "MobileNet", input_shape=(32, 32, 3), options={"alpha": 0.25}
    ),
    "function": lambda: build_network(tiny_cnn, input_shape=(5, 5, 3)),
    "cut": lambda: cut_network(BUILDS["MobileNet"](), "conv_pw_3_relu", "max"),
    "top": lambda: add_top(BUILDS["function"](), n_outputs=3, activation="softmax", seed=4),
}


# Global state.


@pytest.fixture
def same_state():
    """Check that the test leaves the global random state and Keras's settings as they were."""
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
    network.embed(noise_images(2, network.input_shape[0]))
    pickle.loads(pickle.dumps(network)).embed(noise_images(2, network.input_shape[0]))


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
    network.embed(noise_images(2, 32))
    assert number(keras.layers.Conv2D(1, 1).name) == number(first) + 1


def number(name):
    """Return the count in a name that Keras generated."""
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
        rng = np.random  # as older code does
        model.set_weights([rng.normal(size=array.shape) for array in model.get_weights()])
        return model

    one, two = (build_network(drawn, input_shape=(5, 5, 3), seed=7) for _ in range(2))
    assert one.fingerprint == two.fingerprint
    assert build_network(drawn, input_shape=(5, 5, 3), seed=8).fingerprint != one.fingerprint


# Missing backends.


NO_BACKEND = """
import importlib.abc, sys
from skfusion import BackendNotFoundError, PretrainedGAP
import numpy as np


class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "jax", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocker())
for _ in range(2):  # a failed import must not affect the next
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
    chosen = next((name for name in ("jax", "torch") if find_spec(name) is None), None)
    if chosen is None or find_spec("tensorflow") is None:
        pytest.skip("needs one backend that is installed and one that isn't")
    monkeypatch.setenv("KERAS_BACKEND", chosen)
    assert "KERAS_BACKEND=tensorflow: it is installed" in run_python(OTHER_BACKEND)
