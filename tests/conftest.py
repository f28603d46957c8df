"""Fixtures for all tests."""

import os
import sys
import tracemalloc
from pathlib import Path

import pytest
from joblib.externals.loky import reusable_executor

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

TESTS = Path(__file__).parent
# The files and folders whose tests get a mark. .ci/run repeats those marked `public` on the oldest
# versions, and those marked `backend` on another backend of Keras.
MARKED = {
    "public": (
        "extraction/test_input.py",
        "extraction/test_missing.py",
        "features",
        "fusion/test_columns.py",
        "fusion/test_containers.py",
        "fusion/test_joint_fusion.py",
        "fusion/test_prediction_intervals.py",
        "fusion/test_prediction_sets.py",
        "fusion/test_strategies.py",
        "fusion/test_verdict.py",
        "fusion/test_wrong_use.py",
        "heads",
        "serving/test_old_pickles.py",
        "store/test_feature_store.py",
        "test_common.py",
        "test_package.py",
    ),
    "backend": (
        "embedding/test_adapters.py",
        "embedding/test_cnn_cross_fit.py",
        "embedding/test_cnn_embedder.py",
        "embedding/test_cnn_training.py",
        "heads/test_dense_classifier.py",
        "heads/test_dense_regressor.py",
        "heads/test_partial_fit.py",
        "networks/runtimes/test_runtime.py",
        "networks/test_network.py",
        "networks/test_split.py",
        "serving/test_processes.py",
        "serving/test_warm_up.py",
        "training/test_loop.py",
        "training/test_training_options.py",
        "training/test_two_inputs.py",
    ),
}


def pytest_ignore_collect(collection_path, config):
    """Leave out files without a test of the mark that is asked for: importing them takes long."""
    mark, path = config.option.markexpr, collection_path
    if mark not in MARKED or not path.name.startswith("test_"):
        return None
    is_marked = any(path.is_relative_to(TESTS / name) for name in MARKED[mark])
    return None if is_marked or f"pytest.mark.{mark}" in path.read_text(encoding="utf-8") else True


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marks
def pytest_collection_modifyitems(items):
    """Mark the tests in `MARKED`."""
    for mark, names in MARKED.items():
        folders = [TESTS / name for name in names]
        missing = [str(folder) for folder in folders if not folder.exists()]
        if missing:
            raise pytest.UsageError(f"MARKED in {__file__} names what isn't there: {missing}")
        for item in items:
            if any(item.path.is_relative_to(folder) for folder in folders):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real images and weights, where there is one.

    `SKFUSION_TEST_DATA` names it. With `SKFUSION_REQUIRE_TEST_DATA` set, its lack is an error.
    """
    folder = os.environ.get("SKFUSION_TEST_DATA")
    if folder and (Path(folder) / "data").is_dir():
        return Path(folder)
    reason = "SKFUSION_TEST_DATA does not name a folder with data/ and weights/"
    if os.environ.get("SKFUSION_REQUIRE_TEST_DATA"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def shapes(monkeypatch):
    """The shape of every batch that a model is given."""
    import keras

    seen = []
    real = keras.Model.predict_on_batch

    def spy(model, batch):
        seen.append(batch.shape)
        return real(model, batch)

    monkeypatch.setattr(keras.Model, "predict_on_batch", spy)
    return seen


@pytest.fixture
def built_networks(monkeypatch):
    """The networks whose Keras models were built since the test began."""
    from skfusion.networks._network import Network

    networks, real = [], Network.to_model

    def count(network):
        networks.append(network)
        return real(network)

    monkeypatch.setattr(Network, "to_model", count)
    return networks


@pytest.fixture
def computed_images(monkeypatch):
    """The number of images that networks computed, as a list of one number."""
    from skfusion.networks._network import Network

    count, real = [0], Network.compute

    def compute(network, inputs, batch_size=32):
        count[0] += len(inputs)
        return real(network, inputs, batch_size)

    monkeypatch.setattr(Network, "compute", compute)
    return count


@pytest.fixture
def peak_memory():
    """``peak_memory(function)`` gives its result and the bytes it allocated at most at a time."""

    def measure(function):
        tracemalloc.start()
        try:
            result = function()
            return result, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


@pytest.fixture(autouse=True)
def _no_figures_left():
    """Close the figures of the test: pyplot keeps them, and warns of more than 20."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def _no_workers_left():
    """End joblib's worker processes after the test that started them.

    joblib takes a worker that grows for one that leaks, and stops it. One that did small tasks in
    an earlier test and now loads TensorFlow grows so, and its end can leave a search waiting for
    ever (seen with joblib 1.6.0).
    """
    yield
    executor = reusable_executor._executor
    if executor is not None:
        executor.shutdown(wait=True)
