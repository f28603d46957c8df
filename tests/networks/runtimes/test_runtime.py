"""Runtimes: batches, padding, mirror images, and one live model for each process."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from skfusion.networks.backbones._building import build_network
from skfusion.networks.runtimes._runtime import Runtime
from tests.networks_for_tests import noise_images, tiny_cnn


@pytest.fixture(scope="module")
def network():
    return build_network("small_cnn", input_shape=(12, 12, 3))


BUILDS = {
    "small_cnn": lambda: build_network("small_cnn", input_shape=(12, 12, 3)),
    "MobileNet": lambda: build_network(
        "MobileNet", input_shape=(32, 32, 3), options={"alpha": 0.25}
    ),
    "function": lambda: build_network(tiny_cnn, input_shape=(5, 5, 3)),
}


# Any runtime.


class WeightedSum(Runtime):
    """Multiply each image by the network's weights."""

    def __init__(self):
        self.loaded, self.shapes = [], []

    def load(self, network):
        self.loaded.append(network)
        return network.weights

    def run(self, model, batch):
        self.shapes.append(batch.shape)
        return (batch * model).sum(axis=(1, 2))


class Compiled(WeightedSum):
    """Pad batches."""

    compiles_batch_shapes = True


def plain_network(flips=None):
    weights = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
    return SimpleNamespace(weights=weights, flips=flips)


INPUTS = np.random.default_rng(0).normal(size=(7, 3, 4, 2)).astype(np.float32)


def test_abstract_methods_are_enforced():
    class NoRun(Runtime):
        def load(self, network):
            return network

    with pytest.raises(TypeError, match=r"abstract method '?run"):
        NoRun()


@pytest.mark.parametrize(
    ("kind", "sizes"), [(WeightedSum, [3, 3, 1]), (Compiled, [3, 3, 1])], ids=["plain", "padded"]
)
def test_batches(kind, sizes):
    runtime, network = kind(), plain_network()
    outputs = runtime.compute(network, INPUTS, 3)
    np.testing.assert_allclose(outputs, (INPUTS * network.weights).sum(axis=(1, 2)), rtol=1e-5)
    assert [shape[0] for shape in runtime.shapes] == sizes


@pytest.mark.parametrize(("kind", "size"), [(WeightedSum, 7), (Compiled, 8)])
def test_only_compiled_batches_are_padded(kind, size):
    runtime = kind()
    assert runtime.compute(plain_network(), INPUTS, 32).shape == (7, 2)
    assert runtime.shapes == [(size, 3, 4, 2)]


@pytest.mark.parametrize(
    ("flips", "views"),
    [
        ("horizontal", [lambda x: x, lambda x: x[:, :, ::-1]]),
        (
            "both",
            [
                lambda x: x,
                lambda x: x[:, :, ::-1],
                lambda x: x[:, ::-1],
                lambda x: x[:, ::-1, ::-1],
            ],
        ),
    ],
)
def test_mirror_images_are_averaged(flips, views):
    network = plain_network(flips)
    expected = [(view(INPUTS) * network.weights).sum(axis=(1, 2)) for view in views]
    outputs = WeightedSum().compute(network, INPUTS, 4)
    np.testing.assert_allclose(outputs, np.mean(expected, axis=0), rtol=1e-4, atol=1e-4)


def test_a_live_model_is_loaded_once():
    runtime, network = WeightedSum(), plain_network()
    assert runtime.loaded_model(network) is None
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: runtime.live_model(network), range(8)))
    assert runtime.loaded == [network]
    assert all(model is models[0] for model in models)
    assert runtime.loaded_model(network) is models[0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead to deadlocks")
@pytest.mark.filterwarnings("ignore:os.fork\\(\\) was called")  # JAX's own
def test_a_forked_child_loads_its_own():
    runtime, network = WeightedSum(), plain_network()
    runtime.live_model(network)
    child = os.fork()
    if not child:
        is_new = runtime.loaded_model(network) is None
        runtime.live_model(network)
        os._exit(0 if is_new and len(runtime.loaded) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert runtime.loaded == [network]


# Keras.


@pytest.mark.parametrize("batch_size", [1, 3, 8, 32])
def test_rows_do_not_depend_on_their_batch(network, batch_size):
    inputs = network.prepare(noise_images(37))
    singly = np.concatenate([network.compute(inputs[i : i + 1]) for i in range(37)])
    for length in (1, 2, 3, 7, 8, 31, 32, 33, 37):
        outputs = network.compute(inputs[:length], batch_size)
        assert outputs.shape == (length, 256)
        np.testing.assert_allclose(outputs, singly[:length], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("batch_size", "most"), [(1, 1), (5, 4), (32, 6)])
def test_few_shapes_of_batches(network, shapes, batch_size, most):
    for length in range(1, 71):
        network.compute(network.prepare(noise_images(length)), batch_size)
    assert all(1 <= shape[0] <= batch_size for shape in shapes)
    assert len(set(shapes)) == most


def test_padding_is_no_more_than_double(network, shapes):
    for length in range(1, 33):
        shapes.clear()
        network.compute(network.prepare(noise_images(length)))
        assert len(shapes) == 1
        assert length <= shapes[0][0] < 2 * length


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others trace in other ways")
def test_few_traces():
    network = build_network(tiny_cnn, input_shape=(5, 5, 3))
    for length in range(1, 71):
        network.compute(network.prepare(noise_images(length, 5)))
    assert (
        network.runtime.live_model(network).predict_function.experimental_get_tracing_count() <= 6
    )


@pytest.mark.parametrize("name", ["small_cnn", "MobileNet", "function"])
def test_prepare_leaves_its_input(name):
    network = BUILDS[name]()
    for dtype in (np.uint8, np.float32):
        pixels = noise_images(2, network.input_shape[0]).astype(dtype)
        kept = pixels.copy()
        network.embed(pixels)
        network.prepare(list(pixels))
        np.testing.assert_array_equal(pixels, kept)
