"""limit_resources: threads and GPU memory, set before and after Keras is loaded."""

import json
import os
import pickle

import keras
import numpy as np
import pytest

from skfusion import PretrainedGAP, limit_resources, list_cut_layers
from skfusion.networks.runtimes import _resources
from tests.helpers.assert_close import assert_close
from tests.processes import run_python

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="limits are TensorFlow's"
)


def load_keras():
    """Do something that needs Keras, but computes nothing."""
    assert list_cut_layers("small_cnn", image_size=(12, 12), top=False)


class FakeGPUs:
    """Replace the functions of `tf.config`, and record their calls, as if there were a GPU."""

    def __init__(self, monkeypatch, error=None):
        import tensorflow as tf

        self.calls, self.error = [], error
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind}:0"])
        monkeypatch.setattr(tf.config.experimental, "set_memory_growth", self.grow)
        monkeypatch.setattr(tf.config, "set_logical_device_configuration", self.limit)

    def grow(self, gpu, enable):
        if self.error is not None:
            raise self.error
        self.calls.append((gpu, "grow", enable))

    def limit(self, gpu, devices):
        self.calls.append((gpu, "limit", [device.memory_limit for device in devices]))


@pytest.fixture(autouse=True)
def new_process(monkeypatch):
    """Reset the limits, as in a process that hasn't loaded Keras yet."""
    monkeypatch.setattr(_resources, "_LIMITS", {"n_threads": None, "gpu_memory": None})
    monkeypatch.setattr(_resources, "_APPLIED", False)
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)


def test_memory_of_a_gpu_grows_by_default(monkeypatch):
    fake = FakeGPUs(monkeypatch)
    load_keras()
    load_keras()
    assert fake.calls == [("GPU:0", "grow", True)]


def test_memory_of_a_gpu_is_limited(monkeypatch):
    fake = FakeGPUs(monkeypatch)
    limit_resources(gpu_memory=512)
    assert fake.calls == []
    load_keras()
    assert fake.calls == [("GPU:0", "grow", False), ("GPU:0", "limit", [512])]


def test_a_limit_after_keras_was_loaded(monkeypatch):
    fake = FakeGPUs(monkeypatch)
    load_keras()
    limit_resources(gpu_memory=512)
    assert fake.calls[-1] == ("GPU:0", "limit", [512])


def test_the_environment_variable_takes_precedence(monkeypatch):
    fake = FakeGPUs(monkeypatch)
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    load_keras()
    assert fake.calls == []


@pytest.mark.parametrize("error", [RuntimeError("initialized"), ValueError("virtual devices")])
def test_earlier_settings_of_the_program_are_kept(monkeypatch, error):
    FakeGPUs(monkeypatch, error=error)
    load_keras()


def test_a_limit_after_tensorflow_is_in_use(monkeypatch):
    FakeGPUs(monkeypatch, error=RuntimeError("initialized"))
    load_keras()
    with pytest.raises(RuntimeError, match=r"limits can't change .*before anything is fitted"):
        limit_resources(gpu_memory=512)


def test_limits_on_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    load_keras()
    with pytest.raises(RuntimeError, match="Keras runs on jax here"):
        limit_resources(n_threads=1)


@pytest.mark.parametrize("value", [0, -1, 1.5, "1"])
@pytest.mark.parametrize("name", ["n_threads", "gpu_memory"])
def test_invalid_limits(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of limit_resources must be"):
        limit_resources(**{name: value})


THREADS = """
import json, os, sys
import numpy as np
import skfusion
skfusion.limit_resources(n_threads=1)
print("tensorflow" in sys.modules)
gap = skfusion.PretrainedGAP("small_cnn", weights=None, image_size=(28, 28))
gap.fit_transform(np.zeros((8, 28, 28), "uint8"))
import tensorflow as tf
threading = tf.config.threading
late = ""
try:
    skfusion.limit_resources(n_threads=2)
except RuntimeError as error:
    late = str(error)
numbers = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
print(json.dumps([*numbers, late]))
"""


def test_threads_are_limited_in_a_new_process():
    intra, inter, late = json.loads(run_python(THREADS))
    assert (intra, inter) == (1, 1)
    assert "limits can't change" in late


NO_GPU = """
import os, pickle, sys
import numpy as np

gap = pickle.load(open(sys.argv[1], "rb"))
np.save(sys.argv[2], gap.transform(np.full((2, 12, 12, 3), 99, "uint8")))
import tensorflow as tf
print(tf.config.list_physical_devices("GPU"), os.environ["CUDA_VISIBLE_DEVICES"] == "")
"""


def test_a_pickle_needs_no_gpu(tmp_path, monkeypatch):
    """Weights are plain arrays, wherever the network was fitted."""
    photos = np.full((2, 12, 12, 3), 99, "uint8")
    gap = PretrainedGAP("small_cnn", weights=None, image_size=(12, 12)).fit(photos)
    files = tmp_path / "gap.pickle", tmp_path / "outputs.npy"
    files[0].write_bytes(pickle.dumps(gap))
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "")
    assert run_python(NO_GPU, *files) == "[] True"
    assert_close(np.load(files[1]), gap.transform(photos))
